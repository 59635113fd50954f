import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { prisma } from "@/lib/db/db.server";
import type { ReviewDto } from "@/lib/servers/review-schema";
import { createServerRow, plainDigest } from "@/lib/testing/factories";
import { openTestHouse, type TestHouse } from "@/lib/testing/house";
import { createPeople, jsonOf, refusalOf, type People } from "@/lib/testing/people";
import { apiRequest } from "@/lib/testing/session";
import { GET, POST } from "./route";

let house: TestHouse;
let people: People;
let id = "";

beforeAll(async () => {
  house = await openTestHouse();
  people = await createPeople();
});
beforeEach(async () => {
  id = await createServerRow(people.orgId, { tools: ["pay", "get"] });
  const data = { acceptedDigest: "0".repeat(64) };
  await prisma().serverTool.updateMany({ where: { serverId: id, name: "pay" }, data });
});
afterAll(() => house.close());

const at = () => ({ params: Promise.resolve({ id }) });
const read = (cookie = people.viewer.cookie) => GET(apiRequest("GET", "/api/x", { cookie }), at());
const decide = (body: unknown, cookie = people.policy_manager.cookie) =>
  POST(apiRequest("POST", "/api/x", { cookie, body }), at());
const tools = [{ name: "pay", digest: plainDigest("pay") }];

test("200: what waits is read by anybody, and accepted by a policy manager", async () => {
  const review = await jsonOf<ReviewDto & { policies: object }>(await read());
  expect(review).toMatchObject({ drift: "enforce", policies: {}, tools: [{ ...tools[0], state: "changed" }] });
  expect(await jsonOf(await decide({ decision: "accept", tools }))).toEqual({ decided: 1 });
  expect((await jsonOf<ReviewDto>(await read())).tools).toEqual([]);
});

test.each([
  {},
  { decision: "accept" },
  { decision: "accept", tools: [] },
  { decision: "maybe", tools },
  { decision: "accept", tools: [...tools, ...tools] },
  { decision: "accept", tools: [{ name: "pay", digest: "short" }] },
  { decision: "accept", tools, orgId: "x" },
])("400: %j changes nothing", async (body) => {
  expect(await refusalOf(await decide(body))).toEqual({ status: 400, code: "invalid_input" });
  expect((await jsonOf<ReviewDto>(await read())).tools).toHaveLength(1);
});

test("403, 404, 409 and 422 say what stands against it", async () => {
  const accept = { decision: "accept", tools };
  expect(await refusalOf(await decide(accept, people.viewer.cookie))).toEqual({ status: 403, code: "forbidden" });
  expect(await refusalOf(await decide(accept, people.stranger.cookie))).toEqual({ status: 404, code: "not_found" });
  const late = { decision: "accept", tools: [{ name: "pay", digest: "1".repeat(64) }] };
  expect(await refusalOf(await decide(late))).toEqual({ status: 409, code: "conflict" });
  await prisma().serverTool.updateMany({ where: { serverId: id, name: "pay" }, data: { blockedBy: "recursion" } });
  expect(await refusalOf(await decide(accept))).toEqual({ status: 422, code: "definition_blocked" });
});
