import { expect, test } from "vitest";
import { isOwnOrigin } from "./origin";

const names = {
  publicUrl: "https://policylayer.example",
  port: 4000,
  allowedHosts: ["alias.example", "other.example:8443"],
};
const from = (headers: Record<string, string>) => isOwnOrigin(new Headers(headers), names);

test.each([
  ["the public URL, whatever the host says", { origin: "https://policylayer.example", host: "internal:4000" }],
  ["an alias that the request was sent to", { origin: "https://alias.example", host: "alias.example" }],
  ["an alias with its port", { origin: "https://other.example:8443", host: "other.example:8443" }],
  ["loopback on our port", { origin: "http://127.0.0.1:4000", host: "127.0.0.1:4000" }],
  ["loopback, version 6", { origin: "http://[::1]:4000", host: "[::1]:4000" }],
  ["no Origin, but the browser says same-origin", { "sec-fetch-site": "same-origin" }],
])("A7 %s is our own", (_, headers) => {
  expect(from(headers as unknown as Record<string, string>)).toBe(true);
});

test.each([
  ["nothing", {}],
  ["a foreign site", { origin: "https://evil.example", host: "policylayer.example" }],
  ["a foreign site that is the host", { origin: "https://evil.example", host: "evil.example" }],
  ["an alias that was not asked", { origin: "https://alias.example", host: "policylayer.example" }],
  ["the public name over http", { origin: "http://policylayer.example", host: "policylayer.example" }],
  ["another port", { origin: "http://localhost:4001", host: "localhost:4001" }],
  ["loopback towards the public host", { origin: "http://localhost:4000", host: "policylayer.example" }],
  ["null", { origin: "null" }],
  ["no origin at all", { origin: "" }],
  ["a suffix", { origin: "https://policylayer.example.evil.example", host: "policylayer.example" }],
  ["same site only", { "sec-fetch-site": "same-site" }],
  ["a foreign Origin beside a friendly header", { origin: "https://evil.example", "sec-fetch-site": "same-origin" }],
])("A7 %s is not", (_, headers) => {
  expect(from(headers as unknown as Record<string, string>)).toBe(false);
});
