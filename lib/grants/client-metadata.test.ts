import { describe, expect, test } from "vitest";
import { isClientDocumentUrl, parseClientDocument, parseClientMetadata } from "./client-metadata";

const uris = ["http://127.0.0.1/cb"];

test("name and redirect URIs are kept, what we do not use is ignored", () => {
  const said = { client_name: " Desk\n\tApp ", redirect_uris: uris, logo_uri: "javascript:x", jwks: {}, scope: "a" };
  expect(parseClientMetadata(said)).toEqual({ ok: true, metadata: { name: "Desk App", redirectUris: uris } });
  expect(parseClientMetadata({ redirect_uris: uris })).toMatchObject({ metadata: { name: "Unnamed client" } });
  const long = parseClientMetadata({ client_name: "x".repeat(200), redirect_uris: uris });
  expect(long.ok && long.metadata.name).toHaveLength(80);
});

describe("refused", () => {
  test.each([
    [null, "invalid_client_metadata"],
    ["x", "invalid_client_metadata"],
    [{}, "invalid_redirect_uri"],
    [{ redirect_uris: [] }, "invalid_redirect_uri"],
    [{ redirect_uris: "http://127.0.0.1/" }, "invalid_redirect_uri"],
    [{ redirect_uris: [...uris, "javascript:alert(1)"] }, "invalid_redirect_uri"],
    [{ redirect_uris: Array.from({ length: 11 }, () => uris[0]) }, "invalid_redirect_uri"],
    [{ redirect_uris: uris, client_name: 5 }, "invalid_client_metadata"],
    [{ redirect_uris: uris, grant_types: ["client_credentials"] }, "invalid_client_metadata"],
    [{ redirect_uris: uris, response_types: ["token"] }, "invalid_client_metadata"],
  ])("%j", (said, error) => {
    expect(parseClientMetadata(said)).toMatchObject({ ok: false, error });
  });
});

describe("U4 the URL of a metadata document", () => {
  test("is https with a path, in its plain form", () => {
    expect(isClientDocumentUrl("https://app.example/oauth/client.json")).toBe(true);
  });
  test.each([
    "http://app.example/client.json",
    "https://app.example",
    "https://app.example/",
    "https://app.example/a/../client.json",
    "https://app.example/client.json#x",
    "https://app.example/client.json?x=1",
    "https://user@app.example/client.json",
    "https://APP.example/client.json",
    "https://app.example:443/client.json",
    `https://app.example/${"x".repeat(500)}`,
    "0a1b2c3d-0000-4000-8000-000000000001",
  ])("is not %s", (url) => {
    expect(isClientDocumentUrl(url)).toBe(false);
  });

  test("must be what the document calls itself, and the document holds no secret", () => {
    const url = "https://app.example/client.json";
    const said = { client_id: url, client_name: "App", redirect_uris: uris };
    expect(parseClientDocument(url, JSON.stringify(said))).toMatchObject({ ok: true, metadata: { name: "App" } });
    for (const more of [{ client_id: `${url}/` }, { client_id: undefined }, { client_secret: "s" }]) {
      expect(parseClientDocument(url, JSON.stringify({ ...said, ...more })).ok).toBe(false);
    }
    expect(parseClientDocument(url, "{").ok).toBe(false);
  });
});
