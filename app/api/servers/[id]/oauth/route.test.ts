import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { GET as clientDocument } from "@/app/client-metadata.json/route";
import { POST as callback } from "@/app/api/oauth/upstream/callback/route";
import { setRuntime } from "@/lib/env/env.server";
import { closeEgress } from "@/lib/http/egress.server";
import type { ServerAuthDto } from "@/lib/servers/oauth-schema";
import { startIssuer, type IssuerFake } from "@/lib/testing/authorization-server";
import { createServerRow } from "@/lib/testing/factories";
import { openTestHouse, testOrigin, type TestHouse } from "@/lib/testing/house";
import { createPeople, jsonOf, refusalOf, type People } from "@/lib/testing/people";
import { startProtectedUpstream, type ProtectedUpstream } from "@/lib/testing/protected-upstream";
import { apiRequest } from "@/lib/testing/session";
import { DELETE as removeClient, PUT as setClient } from "./client/route";
import { POST as disconnect } from "./disconnect/route";
import { GET, PATCH } from "./route";
import { POST as start } from "./start/route";

let house: TestHouse;
let people: People;
let issuer: IssuerFake;
let upstream: ProtectedUpstream;
let id = "";

beforeAll(async () => {
  house = await openTestHouse();
  people = await createPeople();
});
beforeEach(async () => {
  issuer = await startIssuer();
  upstream = await startProtectedUpstream(issuer);
  id = await createServerRow(people.orgId, { url: upstream.url, tools: [] });
});
afterEach(async () => {
  await closeEgress();
  await Promise.all([issuer.close(), upstream.close()]);
});
afterAll(() => house.close());

const at = () => ({ params: Promise.resolve({ id }) });
const request = (method: string, body?: unknown, who: keyof Omit<People, "orgId"> = "admin") => {
  const { cookie } = people[who];
  return apiRequest(method, "/api/servers/x/oauth", body === undefined ? { cookie } : { cookie, body });
};
const begin = async () => {
  const response = await start(request("POST", { issuer: issuer.origin, scopes: [] }), at());
  return (await jsonOf<{ url: string }>(response)).url;
};

describe("200", () => {
  test("start, come back, read the state, disconnect: no answer holds a token", async () => {
    const query = await issuer.approve(await begin());
    expect(await jsonOf(await callback(request("POST", { query })))).toEqual({ serverId: id });
    const read = await (await GET(request("GET", undefined, "viewer"), at())).text();
    expect(JSON.parse(read)).toMatchObject({ mode: "oauth", state: "connected", issuer: issuer.origin });
    for (const token of [...issuer.access.keys(), ...issuer.refresh]) expect(read).not.toContain(token);
    expect(await jsonOf(await disconnect(request("POST"), at()))).toEqual({ revoked: true });
  });
  test("the mode is chosen, a client is entered and removed", async () => {
    expect(await jsonOf<ServerAuthDto>(await PATCH(request("PATCH", { mode: "oauth" }), at()))).toMatchObject({
      mode: "oauth",
      state: "none",
    });
    const entered = { issuer: issuer.origin, clientId: "own", clientSecret: "canary" };
    const text = await (await setClient(request("PUT", entered), at())).text();
    expect(text).toContain('"clientId":"own","hasSecret":true');
    expect(text).not.toContain("canary");
    expect(await jsonOf<ServerAuthDto>(await removeClient(request("DELETE"), at()))).toMatchObject({ client: null });
  });
  test("our client metadata document is public, names itself, and holds no secret", async () => {
    setRuntime({ port: 4999, publicUrl: "https://gateway.example" });
    const response = await clientDocument(new Request("https://gateway.example/client-metadata.json"));
    setRuntime({ port: 4999, publicUrl: testOrigin });
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toEqual({
      client_id: "https://gateway.example/client-metadata.json",
      client_name: "PolicyLayer",
      client_uri: "https://gateway.example",
      redirect_uris: ["https://gateway.example/oauth/upstream/callback"],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
      application_type: "web",
    });
  });
});

test.each<[string, unknown]>([
  ["an unknown mode", { mode: "magic" }],
  ["no mode", {}],
])("400 %s", async (_, body) => {
  expect((await refusalOf(await PATCH(request("PATCH", body), at()))).status).toBe(400);
});

test("400 a scope with a space, a client without an id, a state that nobody began", async () => {
  const bad = await start(request("POST", { issuer: issuer.origin, scopes: ["a b"] }), at());
  expect(await refusalOf(bad)).toEqual({ status: 400, code: "invalid_input" });
  const client = await setClient(request("PUT", { issuer: issuer.origin, clientId: " " }), at());
  expect(await refusalOf(client)).toEqual({ status: 400, code: "invalid_input" });
  expect(await refusalOf(await callback(request("POST", { query: "state=x&code=y" })))).toEqual({
    status: 400,
    code: "oauth_state",
  });
});

test("409 what was confirmed is no longer what would be asked", async () => {
  const response = await start(request("POST", { issuer: issuer.origin, scopes: ["more"] }), at());
  expect(await refusalOf(response)).toEqual({ status: 409, code: "conflict" });
});

test("502 hostile metadata names its fault", async () => {
  issuer.mode.metadata = { code_challenge_methods_supported: ["plain"] };
  const response = await start(request("POST", { issuer: issuer.origin, scopes: [] }), at());
  const { error } = await jsonOf<{ error: { code: string; issues: { code: string }[] } }>(response);
  expect([response.status, error.code, error.issues[0]?.code]).toEqual([502, "oauth_setup", "no_s256"]);
});

test("U5 a sign-in is neither begun nor finished from another site, with a cookie or without an origin", async () => {
  const query = await issuer.approve(await begin());
  const { cookie } = people.admin;
  for (const origin of ["https://evil.example", "null", null]) {
    const headers = { origin };
    const begun = await start(
      apiRequest("POST", "/x", { cookie, body: { issuer: issuer.origin, scopes: [] }, headers }),
      at(),
    );
    expect(await refusalOf(begun)).toEqual({ status: 403, code: "bad_origin" });
    const finished = await callback(apiRequest("POST", "/x", { cookie, body: { query }, headers }));
    expect(await refusalOf(finished)).toEqual({ status: 403, code: "bad_origin" });
  }
  expect(issuer.count("/token")).toBe(0);
  expect((await callback(request("POST", { query }))).status).toBe(200);
});

test("U5 an answer that was meant for another person's browser connects nothing", async () => {
  const query = await issuer.approve(await begin());
  expect(await refusalOf(await callback(request("POST", { query }, "stranger")))).toEqual({
    status: 400,
    code: "oauth_state",
  });
  expect(issuer.count("/token")).toBe(0);
});
