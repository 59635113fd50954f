import { expect, test } from "vitest";
import { readAddress, readToken } from "./gateway-address";

test("a token crosses the network over TLS only", () => {
  for (const url of [
    "http://policylayer.example",
    "http://10.0.0.1:3000",
    "http://localhost.example",
    "http://127.0.0.1.nip.io",
  ]) {
    expect(() => readAddress(url, false)).toThrow(
      expect.objectContaining({ exit: 64, hint: expect.stringContaining("--insecure") as string }),
    );
  }
  expect(readAddress("http://policylayer.example:81/x", true)).toBe("http://policylayer.example:81");
  expect(readAddress("https://policylayer.example/", false)).toBe("https://policylayer.example");
  for (const url of ["http://localhost:3000", "http://127.0.0.1:3000", "http://127.9.9.9", "http://[::1]:3000"]) {
    expect(readAddress(url, false)).toBe(url);
  }
});

test("an address that is none, and one with a password in it, end with 64", () => {
  for (const url of [null, "", "localhost:3000", "ftp://a.example", "https://user:word@a.example"]) {
    expect(() => readAddress(url, true)).toThrow(expect.objectContaining({ exit: 64 }));
  }
});

test("what is no API token is refused without being repeated", () => {
  expect(readToken("plt_abc")).toBe("plt_abc");
  for (const token of [null, "plg_secret", "plt_secret x", "plt_secret\r\nx: y"]) {
    expect(() => readToken(token)).toThrow(
      expect.objectContaining({ exit: 64, message: expect.not.stringContaining("secret") as string }),
    );
  }
});
