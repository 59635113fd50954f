import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ApiTokenDto, MintedApiToken } from "@/lib/auth/api-token-schema";
import type { SessionDto } from "@/lib/auth/schema";
import { makeSecretToken } from "@/lib/auth/secret-token.server";
import { openTestHouse, type TestHouse } from "@/lib/testing/house";
import { createPeople, jsonOf, refusalOf, type ErrorAnswer, type People } from "@/lib/testing/people";
import { apiRequest } from "@/lib/testing/session";
import { POST as publish } from "../policies/[id]/publish/route";
import { GET as readPolicies, POST as makePolicy } from "../policies/route";
import { GET as readSession } from "../session/route";
import { POST as setUp } from "../setup/route";
import { POST as revoke } from "./[id]/revoke/route";
import { GET, POST } from "./route";

let house: TestHouse;
let people: People;

beforeAll(async () => {
  house = await openTestHouse();
  people = await createPeople();
});
afterAll(() => house.close());

type Who = "viewer" | "policy_manager" | "admin" | "stranger";
type Handler = typeof GET;

const input = (more = {}) => ({ name: "pipeline", role: "viewer", expiresInDays: 30, ...more });
const bySession = (handler: Handler, who: Who | null, body?: unknown, id = "") => {
  const cookie = who && people[who].cookie;
  const method = handler === GET ? "GET" : "POST";
  const request = apiRequest(method, "/api/api-tokens", body === undefined ? { cookie } : { cookie, body });
  return handler(request, { params: Promise.resolve(id ? { id } : {}) });
};
/** As a program sends it: no cookie, no Origin. */
const byToken = (handler: Handler, token: string, method = "GET", body?: unknown, headers = {}) =>
  handler(
    apiRequest(method, "/api/x", {
      headers: { authorization: `Bearer ${token}`, origin: null, "x-forwarded-for": randomUUID(), ...headers },
      ...(body === undefined ? {} : { body }),
    }),
    { params: Promise.resolve({ id: randomUUID() }) },
  );
const mint = async (who: Who, more = {}) => jsonOf<MintedApiToken>(await bySession(POST, who, input(more)));

describe("201 and 200", () => {
  test("the token is in the answer to minting and nowhere else", async () => {
    const response = await bySession(POST, "viewer", input());
    expect(response.status).toBe(201);
    expect(response.headers.get("cache-control")).toBe("no-store");
    const { apiToken, token } = await jsonOf<MintedApiToken>(response);
    const text = await (await bySession(GET, "admin")).text();
    expect(text).toContain(apiToken.id);
    expect(text).not.toContain(token.slice(4, 24));
    expect(text).not.toMatch(/tokenHash|@example/i);
  });
  test("A7 a token needs no Origin, and reads and writes with its role", async () => {
    const { token } = await mint("policy_manager", { role: "policy_manager" });
    expect(await jsonOf<SessionDto>(await byToken(readSession, token))).toMatchObject({ role: "policy_manager" });
    const text = `version: "1"\ntools: {}\n`;
    const made = await byToken(makePolicy, token, "POST", { name: "by token", text });
    expect(made.status).toBe(201);
    expect(await (await byToken(readPolicies, token)).text()).toContain("by token");
  });
  test("one's own token is revoked, an admin revokes anybody's", async () => {
    for (const who of ["viewer", "admin"] as const) {
      const { apiToken, token } = await mint("viewer");
      const revoked = await bySession(revoke, who, undefined, apiToken.id);
      expect(await jsonOf<ApiTokenDto>(revoked)).toMatchObject({ state: "revoked" });
      expect((await byToken(readPolicies, token)).status).toBe(401);
    }
  });
});

describe("400", () => {
  test.each([
    ["no name", { name: " " }, "name"],
    ["a long name", { name: "x".repeat(81) }, "name"],
    ["no such role", { role: "owner" }, "role"],
    ["no days", { expiresInDays: 0 }, "expiresInDays"],
    ["more than a year", { expiresInDays: 367 }, "expiresInDays"],
    ["no end at all", { expiresInDays: null }, "expiresInDays"],
  ])("%s names the field", async (_, more, path) => {
    const response = await bySession(POST, "admin", input(more));
    expect(response.status).toBe(400);
    expect((await jsonOf<ErrorAnswer>(response)).error.issues).toContainEqual(expect.objectContaining({ path }));
  });
});

describe("401", () => {
  test("A1 malformed, unknown, revoked and grant tokens get the same answer", async () => {
    const { apiToken, token } = await mint("viewer");
    await bySession(revoke, "viewer", undefined, apiToken.id);
    const unknown = makeSecretToken("plt_");
    const answers = new Set<string>();
    for (const bad of ["", "%ZZ", "x".repeat(10_240), token, unknown, token.replace("plt_", "plg_")]) {
      const response = await byToken(readPolicies, bad);
      const { error } = await jsonOf<ErrorAnswer>(response);
      answers.add(JSON.stringify([response.status, { ...error, requestId: "" }]));
    }
    expect([...answers]).toHaveLength(1);
    expect([...answers].join()).toContain('[401,{"code":"api_token"');
  });
  test("signed out", async () => {
    expect(await refusalOf(await bySession(GET, null))).toEqual({ status: 401, code: "unauthenticated" });
    expect((await bySession(POST, null, input())).status).toBe(401);
  });
});

describe("403", () => {
  test("A5 a role above one's own, and a token that mints, revokes or exceeds its role", async () => {
    expect((await bySession(POST, "viewer", input({ role: "policy_manager" }))).status).toBe(403);
    expect((await bySession(POST, "policy_manager", input({ role: "admin" }))).status).toBe(403);
    const { token } = await mint("admin", { role: "admin" });
    expect((await byToken(POST, token, "POST", input())).status).toBe(403);
    expect((await byToken(revoke, token, "POST")).status).toBe(403);
    const { token: reader } = await mint("admin", { role: "viewer" });
    const body = { baseVersion: 1, text: `version: "1"\ntools: {}\n` };
    expect(await refusalOf(await byToken(publish, reader, "POST", body))).toEqual({ status: 403, code: "forbidden" });
  });
  test("A7 without a Bearer header the Origin is asked for, and a Bearer header opens no public route", async () => {
    const { token } = await mint("admin", { role: "admin" });
    const { cookie } = people.admin;
    for (const authorization of [null, "Basic eDp5", token]) {
      const headers = { authorization, origin: null };
      const response = await POST(apiRequest("POST", "/api/api-tokens", { cookie, body: input(), headers }));
      expect(await refusalOf(response)).toEqual({ status: 403, code: "bad_origin" });
    }
    expect(await refusalOf(await byToken(setUp, token, "POST", {}))).toEqual({ status: 403, code: "bad_origin" });
  });
});

describe("404", () => {
  test("another member's token for who is no admin, another organisation's, an unknown one", async () => {
    const { apiToken } = await mint("policy_manager");
    for (const who of ["viewer", "stranger"] as const) {
      expect((await bySession(revoke, who, undefined, apiToken.id)).status).toBe(404);
    }
    expect((await bySession(revoke, "admin", undefined, randomUUID())).status).toBe(404);
    expect((await bySession(revoke, "admin", undefined, "x")).status).toBe(404);
  });
});

describe("429", () => {
  test("A1 too many good-looking guesses of one address", async () => {
    const { token } = await mint("viewer");
    const { apiToken, token: dead } = await mint("viewer");
    await bySession(revoke, "viewer", undefined, apiToken.id);
    const from = { "x-forwarded-for": randomUUID() };
    const statuses: number[] = [];
    for (let index = 0; index < 6; index += 1) {
      statuses.push((await byToken(readPolicies, dead, "GET", undefined, from)).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
    expect((await byToken(readPolicies, token, "GET", undefined, from)).status).toBe(200);
  });
});
