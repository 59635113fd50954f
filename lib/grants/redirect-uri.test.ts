import { describe, expect, test } from "vitest";
import { isRegisteredRedirect, parseRedirectUri } from "./redirect-uri";

describe("may be registered", () => {
  test.each([
    ["https://claude.ai/api/mcp/auth_callback", { kind: "web", host: "claude.ai" }],
    ["https://app.example:8443/back?x=1", { kind: "web", host: "app.example:8443" }],
    ["http://127.0.0.1/callback", { kind: "loopback", host: "127.0.0.1" }],
    ["http://127.0.0.1:33418/", { kind: "loopback", host: "127.0.0.1:33418" }],
    ["http://localhost:6274/oauth/callback", { kind: "loopback", host: "localhost:6274" }],
    ["http://[::1]:9/cb", { kind: "loopback", host: "[::1]:9" }],
    ["cursor://anysphere.cursor-mcp/oauth/callback", { kind: "app", scheme: "cursor" }],
    ["vscode://vscode.github-authentication/did-authenticate", { kind: "app", scheme: "vscode" }],
    ["com.example.app:/oauth2redirect", { kind: "app", scheme: "com.example.app" }],
  ])("%s", (uri, place) => {
    expect(parseRedirectUri(uri)).toEqual(place);
  });
});

describe("U4 may never be registered", () => {
  test.each([
    "",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://app.example/1",
    "about:blank",
    "ftp://app.example/",
    "mailto:a@b.example",
    "myapp://callback",
    "http://app.example/callback",
    "http://127.0.0.1.evil.example/",
    "http://localhost.evil.example/",
    "http://localhost@evil.example/",
    "http://127.0.0.1:80@evil.example/",
    "http://2130706433/",
    "http://0x7f.1/",
    "https://app.example/cb#fragment",
    "https://app.example/cb#",
    "https://user:pass@app.example/",
    "https://app.example\\@evil.example/",
    "https:evil.example",
    "https:/evil.example",
    "https://*.example/cb",
    "https://app.example/a b",
    "https://app.example/\u0000",
    "https://аpp.example/",
    " https://app.example/",
    "/callback",
    "//evil.example",
    `https://app.example/${"x".repeat(2_000)}`,
  ])("%j", (uri) => {
    expect(parseRedirectUri(uri)).toBeNull();
    expect(isRegisteredRedirect([uri], uri)).toBe(false);
  });
});

describe("a request's redirect URI", () => {
  const registered = [
    "https://app.example/cb",
    "http://127.0.0.1/callback",
    "http://localhost:8080/cb?x=1",
    "cursor://a/b",
  ];
  test.each(["https://app.example/cb", "cursor://a/b", "http://127.0.0.1/callback"])(
    "is a registered one: %s",
    (uri) => {
      expect(isRegisteredRedirect(registered, uri)).toBe(true);
    },
  );
  test.each(["http://127.0.0.1:50123/callback", "http://localhost:1/cb?x=1", "http://localhost/cb?x=1"])(
    "has any port on loopback: %s",
    (uri) => {
      expect(isRegisteredRedirect(registered, uri)).toBe(true);
    },
  );
  test.each([
    "https://app.example/cb/",
    "https://app.example/CB",
    "https://APP.example/cb",
    "https://app.example/cb?x=1",
    "https://app.example:8443/cb",
    "https://app.example/cb/../cb",
    "https://app.example/%63b",
    "http://127.0.0.1:50123/callback/",
    "http://127.0.0.1:50123/other",
    "http://localhost:50123/callback",
    "http://[::1]:50123/callback",
    "http://localhost:1/cb",
    "http://127.0.0.1:50123/callback#x",
    "http://127.0.0.1:123456/callback",
    "cursor://a/b/c",
  ])("U4 differs in one thing: %s", (uri) => {
    expect(isRegisteredRedirect(registered, uri)).toBe(false);
  });
});
