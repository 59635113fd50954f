import { expect, test } from "vitest";
import { redactNothing, redactOf } from "./redact";

const token = "sk-live/9f+3a==Qz_canary";

function cut(values: string[], text: string): string {
  return Buffer.from(redactOf(values)(Buffer.from(text))).toString();
}

/** `text` as the value of a JSON string. */
const said = (text: string) => JSON.stringify({ error: text });

test.each([
  ["as it is", token],
  ["with its scheme", `Bearer ${token}`],
  ["base64", Buffer.from(token).toString("base64")],
  ["base64url", Buffer.from(token).toString("base64url")],
  ["base64 behind one byte", Buffer.from(`:${token}`).toString("base64")],
  ["base64 behind two bytes", Buffer.from(`u:${token}:p`).toString("base64")],
  ["base64 behind a scheme", Buffer.from(`Bearer ${token}`).toString("base64url")],
  ["URL-encoded", encodeURIComponent(token)],
  ["form-encoded", new URLSearchParams({ t: token }).toString()],
])("U11 a credential is cut from an answer: %s", (_, form) => {
  const out = cut([`Bearer ${token}`], said(`upstream says ${form} is wrong`));
  expect(JSON.parse(out)).toEqual({ error: expect.stringContaining("[redacted]") as string });
  expect(out).toContain("upstream says ");
  expect(out).toContain(" is wrong");
  for (const part of ["sk-live", "canary", token, form]) expect(out).not.toContain(part);
});

test.each([
  ["slashes escaped", JSON.stringify({ e: token }).replaceAll("/", "\\/")],
  ["plus signs and quotes escaped", JSON.stringify({ e: token }).replaceAll("+", "\\u002B")],
])("U11 a credential is cut however the upstream's serialiser spells it: %s", (_, text) => {
  expect(JSON.parse(cut([token], text))).toEqual({ e: "[redacted]" });
});

test("U11 quotation marks, backslashes and angle brackets in a credential", () => {
  const odd = 'a"b\\c<d>&e-canary';
  expect(JSON.parse(cut([odd], said(`no: ${odd}`)))).toEqual({ error: "no: [redacted]" });
  const goSpelling = said(odd).replaceAll("<", "\\u003c").replaceAll(">", "\\u003e").replaceAll("&", "\\u0026");
  expect(JSON.parse(cut([odd], goSpelling))).toEqual({ error: "[redacted]" });
});

test("U11 several credentials, several places, keys as well as values", () => {
  const out = cut(
    ["canary-one-1", "canary-two-2"],
    '{"canary-one-1":["canary-two-2","x canary-one-1 y canary-one-1"]}',
  );
  expect(out).toBe('{"[redacted]":["[redacted]","x [redacted] y [redacted]"]}');
});

test("U11 the longer of two credentials is cut whole", () => {
  expect(cut(["abcdefgh", "abcdefgh-and-more"], said("abcdefgh-and-more"))).toBe(said("[redacted]"));
});

test("U11 a credential of digits that stands as a number leaves JSON behind", () => {
  const out = cut(["12345678"], '{"account":-12345678.5e1,"n":[912345678,2],"s":"12345678","e":"\\"12345678\\""}');
  expect(JSON.parse(out)).toEqual({
    account: "[redacted]",
    n: ["[redacted]", 2],
    s: "[redacted]",
    e: '"[redacted]"',
  });
});

test("U11 a match that begins inside an escape leaves JSON behind", () => {
  expect(JSON.parse(cut(["nsecret-canary"], '{"a":"x\\nsecret-canary"}'))).toEqual({ a: "x[redacted]" });
  expect(JSON.parse(cut(["73ecret-canary"], '{"a":"x\\u0073ecret-canary"}'))).toEqual({ a: "x[redacted]" });
});

test("an answer without a credential is the very same object, and nothing is cut for values under eight characters", () => {
  const bytes = Buffer.from(said("nothing here"));
  expect(redactOf([token])(bytes)).toBe(bytes);
  expect(redactOf(["short", "Bearer ab"])).not.toBe(redactNothing);
  expect(redactOf(["short", "v1"])).toBe(redactNothing);
  expect(cut(["short"], said("short"))).toBe(said("short"));
});
