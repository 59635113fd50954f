import { expect, test } from "vitest";
import { isIssuer, isOpenable, isResourceOf, issuerMetadataUrls, resourceMetadataUrls, sameUrl } from "./oauth-urls";

test("metadata is looked for with the path first, then without", () => {
  expect(resourceMetadataUrls("https://a.example/team/mcp?x=1")).toEqual([
    "https://a.example/.well-known/oauth-protected-resource/team/mcp?x=1",
    "https://a.example/.well-known/oauth-protected-resource",
  ]);
  expect(resourceMetadataUrls("https://a.example/")).toEqual([
    "https://a.example/.well-known/oauth-protected-resource",
  ]);
});

test("an issuer's metadata is looked for at all its forms", () => {
  expect(issuerMetadataUrls("https://a.example/tenant")).toEqual([
    "https://a.example/.well-known/oauth-authorization-server/tenant",
    "https://a.example/.well-known/openid-configuration/tenant",
    "https://a.example/tenant/.well-known/openid-configuration",
  ]);
  expect(issuerMetadataUrls("https://a.example")).toEqual([
    "https://a.example/.well-known/oauth-authorization-server",
    "https://a.example/.well-known/openid-configuration",
  ]);
});

const upstream = "https://a.example/mcp";
const own = "https://a.example/.well-known/oauth-protected-resource/mcp";
const root = "https://a.example/.well-known/oauth-protected-resource";

test.each([
  ["its URL", upstream, own, true],
  ["its URL in another case of the host, with the default port", "https://A.example:443/mcp", own, true],
  ["its URL, wherever the document was", upstream, "https://b.example/x.json", true],
  ["the bare origin, at the origin's place", "https://a.example", root, true],
  ["the bare origin, anywhere else", "https://a.example", own, false],
  ["another path", "https://a.example/mcp/", own, false],
  ["another case of the path", "https://a.example/MCP", own, false],
  ["another query", "https://a.example/mcp?x", own, false],
  ["a fragment", "https://a.example/mcp#", own, false],
  ["another host", "https://b.example/mcp", own, false],
  ["plain http", "http://a.example/mcp", own, false],
  ["no URL", "mcp", own, false],
])("U4 metadata for %s", (_, claimed, at, wanted) => {
  expect(isResourceOf(claimed, upstream, at)).toBe(wanted);
});

test.each([
  ["https://as.example/authorize?x=1", false, true],
  ["http://as.example/authorize", false, false],
  ["http://as.example/authorize", true, false],
  ["http://127.0.0.1:9/authorize", false, false],
  ["http://127.0.0.1:9/authorize", true, true],
  ["http://localhost:9/authorize", true, true],
  ["http://[::1]:9/authorize", true, true],
  ["http://localhost.evil.example/authorize", true, false],
  ["http://127.0.0.1.evil.example/authorize", true, false],
  ["https://user:pw@as.example/authorize", true, false],
  ["https://as.example/authorize#x", true, false],
  ["javascript:alert(1)//https://as.example", true, false],
  ["JaVaScRiPt:alert(1)", true, false],
  ["data:text/html,x", true, false],
  ["blob:https://as.example/x", true, false],
  ["file:///etc/passwd", true, false],
  ["vbscript:x", true, false],
  ["//as.example/authorize", true, false],
  ["", true, false],
])("U4 opening %s with private networks %s: %s", (url, isPrivate, wanted) => {
  expect(isOpenable(url, isPrivate)).toBe(wanted);
});

test("an issuer has no query, fragment or user info", () => {
  expect(["https://a.example", "https://a.example/t"].every(isIssuer)).toBe(true);
  expect(["https://a?x", "https://a#x", "https://u@a", "ftp://a", "a", ""].some(isIssuer)).toBe(false);
});

test("equality of URLs forgives an empty path only", () => {
  expect(sameUrl("https://a", "https://a/")).toBe(true);
  expect(sameUrl("https://a/x", "https://a/x/")).toBe(false);
});
