import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findGrantByToken } from "@/lib/grants/grants.server";
import type { GrantDto, MintedGrant } from "@/lib/grants/schema";
import { createPolicyRow, createServerRow } from "@/lib/testing/factories";
import { openTestHouse, type TestHouse } from "@/lib/testing/house";
import { createPeople, jsonOf, refusalOf, type ErrorAnswer, type People } from "@/lib/testing/people";
import { apiRequest } from "@/lib/testing/session";
import { PUT as attach } from "./[id]/policy/route";
import { POST as revoke } from "./[id]/revoke/route";
import { GET as getOne } from "./[id]/route";
import { GET, POST } from "./route";

let house: TestHouse;
let people: People;
let serverId = "";
let policyId = "";

beforeAll(async () => {
  house = await openTestHouse();
  people = await createPeople();
  serverId = await createServerRow(people.orgId);
  policyId = await createPolicyRow(people.orgId, `version: "1"\ntools: {}\n`);
});
afterAll(() => house.close());

const input = (more = {}) => ({ label: "bot", serverId, policyId: null, expiresInDays: 30, ...more });
const send = (handler: typeof POST, body: unknown, id = "", cookie: string | null = people.admin.cookie) => {
  const method = handler === attach ? "PUT" : "POST";
  const options = body === undefined ? { cookie } : { cookie, body };
  return handler(apiRequest(method, "/api/grants", options), { params: Promise.resolve(id ? { id } : {}) });
};
const read = (handler: typeof GET, params = {}, cookie: string | null = people.viewer.cookie) =>
  handler(apiRequest("GET", "/api/grants", { cookie }), { params: Promise.resolve(params) });
const mint = async (more = {}) => jsonOf<MintedGrant>(await send(POST, input(more)));

describe("201 and 200", () => {
  test("the token is in the answer to minting and nowhere else", async () => {
    const response = await send(POST, input({ tags: ["team-a"], policyId }));
    expect(response.status).toBe(201);
    expect(response.headers.get("cache-control")).toBe("no-store");
    const { grant, token } = await jsonOf<MintedGrant>(response);
    expect(await findGrantByToken(token)).toMatchObject({ id: grant.id, policyId, state: "active" });
    for (const answer of [await read(GET), await read(getOne, { id: grant.id })]) {
      const text = await answer.text();
      expect(text).toContain(grant.id);
      expect(text).not.toContain(token.slice(4, 24));
    }
  });
  test("attach, detach, revoke", async () => {
    const { grant } = await mint();
    const attached = await send(attach, { policyId }, grant.id, people.policy_manager.cookie);
    expect(await jsonOf<GrantDto>(attached)).toMatchObject({ policy: { id: policyId }, state: "active" });
    expect(await jsonOf<GrantDto>(await send(attach, { policyId: null }, grant.id))).toMatchObject({ policy: null });
    expect(await jsonOf<GrantDto>(await send(revoke, undefined, grant.id))).toMatchObject({ state: "revoked" });
  });
});

describe("400", () => {
  test.each([
    ["no label", { label: "" }, "label"],
    ["a server that is no id", { serverId: "x" }, "serverId"],
    ["an unknown server", { serverId: randomUUID() }, "serverId"],
    ["an unknown policy", { policyId: randomUUID() }, "policyId"],
    ["no days", { expiresInDays: 0 }, "expiresInDays"],
    ["eleven years", { expiresInDays: 4000 }, "expiresInDays"],
  ])("%s names the field", async (_, more, path) => {
    const response = await send(POST, input(more));
    expect(response.status).toBe(400);
    expect((await jsonOf<ErrorAnswer>(response)).error.issues).toContainEqual(expect.objectContaining({ path }));
  });
});

describe("401, 403, 404", () => {
  test("signed out, too small a role, another organisation", async () => {
    const { grant } = await mint();
    expect((await send(POST, input(), "", null)).status).toBe(401);
    expect((await send(POST, input(), "", people.policy_manager.cookie)).status).toBe(403);
    expect((await send(revoke, undefined, grant.id, people.policy_manager.cookie)).status).toBe(403);
    expect((await send(attach, { policyId: null }, grant.id, people.viewer.cookie)).status).toBe(403);
    expect((await send(revoke, undefined, grant.id, people.stranger.cookie)).status).toBe(404);
    expect((await read(getOne, { id: grant.id }, people.stranger.cookie)).status).toBe(404);
    expect((await read(getOne, { id: randomUUID() })).status).toBe(404);
  });
});

describe("409", () => {
  test("a revoked grant takes no policy", async () => {
    const { grant } = await mint();
    await send(revoke, undefined, grant.id);
    expect(await refusalOf(await send(attach, { policyId }, grant.id))).toEqual({ status: 409, code: "conflict" });
  });
});
