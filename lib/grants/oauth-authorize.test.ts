import { describe, expect, test } from "vitest";
import { answerUri, checkAuthorize, readParameters } from "./oauth-authorize";
import { authorisationServerMetadata, resourceMetadata } from "./oauth-metadata";
import { parseResource } from "./oauth-resource";

const site = "https://gate.example";
const id = "0a1b2c3d-0000-4000-8000-000000000001";
const good = {
  response_type: "code",
  code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
  code_challenge_method: "S256",
  resource: `${site}/mcp/${id}`,
};
const check = (more: Record<string, string | undefined>) => {
  const merged = Object.entries({ ...good, ...more }).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return checkAuthorize(new Map(merged), site);
};

test("a whole request is taken, for a server or a bundle", () => {
  expect(check({})).toEqual({
    ok: true,
    request: { codeChallenge: good.code_challenge, target: { kind: "server", id } },
  });
  expect(check({ resource: `${site}/mcp/s/${id}/`, response_mode: "query" })).toMatchObject({
    ok: true,
    request: { target: { kind: "bundle", id } },
  });
});

describe("U4 refused", () => {
  test.each([
    ["the implicit flow", { response_type: "token" }, "unsupported_response_type"],
    ["no response type", { response_type: undefined }, "unsupported_response_type"],
    ["an answer in the fragment", { response_mode: "fragment" }, "invalid_request"],
    ["no challenge", { code_challenge: undefined }, "invalid_request"],
    ["plain PKCE", { code_challenge_method: "plain" }, "invalid_request"],
    ["no method, which would mean plain", { code_challenge_method: undefined }, "invalid_request"],
    ["a method in another case", { code_challenge_method: "s256" }, "invalid_request"],
    ["a challenge of another length", { code_challenge: "abc" }, "invalid_request"],
    ["a request object", { request: "x" }, "invalid_request"],
    ["a request object elsewhere", { request_uri: "https://evil.example" }, "invalid_request"],
    ["no resource", { resource: undefined }, "invalid_target"],
    ["another host's resource", { resource: `https://evil.example/mcp/${id}` }, "invalid_target"],
    ["the whole site as resource", { resource: site }, "invalid_target"],
    ["another path as resource", { resource: `${site}/mcp/${id}/x` }, "invalid_target"],
  ])("%s", (_, more, error) => {
    expect(check(more)).toMatchObject({ ok: false, error });
  });

  test("a parameter that stands twice, and a query without end", () => {
    expect(readParameters("client_id=a&client_id=b")).toBeNull();
    expect(readParameters(`state=${"x".repeat(9_000)}`)).toBeNull();
    expect([...(readParameters("a=1&b=&c=3") ?? [])]).toEqual([
      ["a", "1"],
      ["c", "3"],
    ]);
  });
});

describe("a resource", () => {
  test.each([
    [`${site}/mcp/${id}`, { kind: "server", id }],
    [`HTTPS://GATE.EXAMPLE/mcp/${id.toUpperCase()}`, { kind: "server", id }],
    [`${site}:443/mcp/${id}/`, { kind: "server", id }],
    [`${site}/mcp/s/${id}`, { kind: "bundle", id }],
  ])("%s", (text, target) => {
    expect(parseResource(site, text)).toEqual(target);
  });
  test.each([
    `http://gate.example/mcp/${id}`,
    `${site}:8443/mcp/${id}`,
    `${site}/mcp/${id}?x=1`,
    `${site}/mcp/${id}#x`,
    `${site}/mcp/${id}#`,
    `https://user@gate.example/mcp/${id}`,
    `${site}/mcp/payments`,
    `/mcp/${id}`,
    "",
  ])("U4 is not ours: %s", (text) => {
    expect(parseResource(site, text)).toBeNull();
  });
});

test("the answer keeps the redirect URI's own query, and says state and issuer", () => {
  const parameters = new Map([["state", "a b&c"]]);
  expect(answerUri("cursor://x/y", { code: "c" }, parameters, site)).toBe(
    "cursor://x/y?code=c&state=a+b%26c&iss=https%3A%2F%2Fgate.example",
  );
  expect(answerUri("https://a.example/?x=1", { error: "e" }, new Map(), site)).toBe(
    "https://a.example/?x=1&error=e&iss=https%3A%2F%2Fgate.example",
  );
});

test("the documents name each other, and the resource stands in the form in which it was asked for", () => {
  expect(resourceMetadata(site, `/mcp/${id}`)).toMatchObject({
    resource: `${site}/mcp/${id}`,
    authorization_servers: [authorisationServerMetadata(site).issuer],
  });
  expect(resourceMetadata(site, `/mcp/${id}/`)?.resource).toBe(`${site}/mcp/${id}/`);
  expect(resourceMetadata(site, `/mcp/s/${id}`)?.resource).toBe(`${site}/mcp/s/${id}`);
  for (const path of ["/mcp/x", "/mcp/s", `/mcp/${id}/x`, `/mcp/t/${id}`, "/"])
    expect(resourceMetadata(site, path)).toBeNull();
});
