import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BundleDto } from "@/lib/bundles/schema";
import type { MintedGrant } from "@/lib/grants/schema";
import { createPolicyRow, createServerRow } from "@/lib/testing/factories";
import { openTestHouse, type TestHouse } from "@/lib/testing/house";
import { createPeople, jsonOf, refusalOf, type ErrorAnswer, type People } from "@/lib/testing/people";
import { apiRequest } from "@/lib/testing/session";
import { POST as mint } from "../grants/route";
import { PUT as setPolicy } from "./[id]/members/[serverId]/policy/route";
import { DELETE as removeMember, PATCH as patchMember } from "./[id]/members/[serverId]/route";
import { POST as addMember } from "./[id]/members/route";
import { PUT as setOrder } from "./[id]/order/route";
import { DELETE as removeOne, GET as getOne, PATCH as patch } from "./[id]/route";
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

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
const send = (handler: typeof POST, method: Method, params: object, body?: unknown, cookie = people.admin.cookie) =>
  handler(apiRequest(method, "/api/bundles", body === undefined ? { cookie } : { cookie, body }), {
    params: Promise.resolve(params as Record<string, string>),
  });
const make = async () => jsonOf<BundleDto>(await send(POST, "POST", {}, { name: randomUUID() }));

describe("201, 200 and 204", () => {
  test("a bundle from its making to its end", async () => {
    const made = await send(POST, "POST", {}, { name: "Desk" });
    expect(made.status).toBe(201);
    const { id } = await jsonOf<BundleDto>(made);
    const added = await send(addMember, "POST", { id }, { serverId, prefix: "pay" });
    expect([added.status, (await jsonOf<BundleDto>(added)).members.map(({ prefix }) => prefix)]).toEqual([
      201,
      ["pay"],
    ]);
    const member = { id, serverId };
    await send(patchMember, "PATCH", member, { prefix: "money" });
    await send(setPolicy, "PUT", member, { policyId }, people.policy_manager.cookie);
    await send(setOrder, "PUT", { id }, { serverIds: [serverId] });
    const shown = await jsonOf<BundleDto>(await send(getOne, "GET", { id }, undefined, people.viewer.cookie));
    expect(shown).toMatchObject({
      name: "Desk",
      enabled: true,
      members: [{ server: { id: serverId }, prefix: "money", policy: { id: policyId }, toolCount: 1, tooLong: [] }],
    });
    expect(await jsonOf(await send(GET, "GET", {}, undefined, people.viewer.cookie))).toEqual([shown]);
    expect(await jsonOf(await send(patch, "PATCH", { id }, { enabled: false }))).toMatchObject({ enabled: false });
    expect(await jsonOf(await send(removeMember, "DELETE", member))).toMatchObject({ members: [] });
    expect((await send(removeOne, "DELETE", { id })).status).toBe(204);
    expect((await send(getOne, "GET", { id })).status).toBe(404);
  });

  test("a grant for a bundle says where it leads and has no policy of its own", async () => {
    const { id } = await make();
    const input = { label: "bot", bundleId: id, policyId: null, expiresInDays: 30 };
    const { grant } = await jsonOf<MintedGrant>(await send(mint, "POST", {}, input));
    expect(grant).toMatchObject({ server: null, bundle: { id }, policy: null });
    expect(grant.mcpUrl).toMatch(new RegExp(`/mcp/s/${id}$`));
  });
});

describe("400", () => {
  test.each([
    ["no name", {}, { name: " " }, "name", POST, "POST"],
    ["a prefix with an underscore", {}, { serverId: randomUUID(), prefix: "a_b" }, "prefix", addMember, "POST"],
    ["an unknown server", {}, { serverId: randomUUID(), prefix: "a" }, "serverId", addMember, "POST"],
    ["an order that leaves one out", {}, { serverIds: [randomUUID()] }, "serverIds", setOrder, "PUT"],
  ] as const)("%s names the field", async (_, more, body, path, handler, method) => {
    const { id } = await make();
    const response = await send(handler, method, { id, ...more }, body);
    expect(response.status).toBe(400);
    expect((await jsonOf<ErrorAnswer>(response)).error).toMatchObject({ code: "invalid_input", issues: [{ path }] });
  });

  test("a grant for a server and a bundle, for neither, or for a bundle with a policy", async () => {
    const { id } = await make();
    const input = { label: "bot", policyId: null, expiresInDays: null };
    for (const more of [{ serverId, bundleId: id }, {}, { bundleId: id, policyId }]) {
      expect((await send(mint, "POST", {}, { ...input, ...more })).status).toBe(400);
    }
  });
});

describe("403, 404, 409", () => {
  test("a policy manager sets policies and nothing else; a name is used once; what is in use stays", async () => {
    const made = await make();
    const asManager = people.policy_manager.cookie;
    const refused = await send(patch, "PATCH", { id: made.id }, { enabled: false }, asManager);
    expect(await refusalOf(refused)).toEqual({ status: 403, code: "forbidden" });
    const again = await send(POST, "POST", {}, { name: made.name });
    expect(await refusalOf(again)).toEqual({ status: 409, code: "name_taken" });
    const nobody = await send(patchMember, "PATCH", { id: made.id, serverId: randomUUID() }, { prefix: "b" });
    expect(await refusalOf(nobody)).toEqual({ status: 404, code: "not_found" });
    await send(mint, "POST", {}, { label: "bot", bundleId: made.id, policyId: null, expiresInDays: null });
    expect(await refusalOf(await send(removeOne, "DELETE", { id: made.id }))).toEqual({ status: 409, code: "in_use" });
  });
});
