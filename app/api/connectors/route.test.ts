import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Approved } from "@/lib/grants/connector-schema";
import { listConnectors } from "@/lib/grants/oauth.server";
import { connectClient, exchangeCode, openFlow } from "@/lib/testing/connector";
import { createGrantRow, createServerRow } from "@/lib/testing/factories";
import { openTestHouse, type TestHouse } from "@/lib/testing/house";
import { createPeople, jsonOf, refusalOf, type People } from "@/lib/testing/people";
import { apiRequest } from "@/lib/testing/session";
import { DELETE } from "./[id]/route";
import { POST } from "./route";

let house: TestHouse;
let people: People;
let serverId = "";
let grantId = "";

beforeAll(async () => {
  house = await openTestHouse();
  people = await createPeople();
  serverId = await createServerRow(people.orgId);
  grantId = (await createGrantRow(people.orgId, { serverId })).grant.id;
});
afterAll(() => house.close());

const approve = (body: unknown, cookie: string | null = people.admin.cookie) =>
  POST(apiRequest("POST", "/api/connectors", { cookie, body }));
const end = (id: string, cookie: string | null = people.admin.cookie) =>
  DELETE(apiRequest("DELETE", `/api/connectors/${id}`, { cookie }), { params: Promise.resolve({ id }) });

describe("201 and 204", () => {
  test("approved, exchanged, disconnected", async () => {
    const flow = await openFlow(serverId);
    const response = await approve({ request: flow.query(), grant: { kind: "existing", grantId } });
    expect(response.status).toBe(201);
    const { redirectTo } = await jsonOf<Approved>(response);
    expect((await exchangeCode(flow, new URL(redirectTo).searchParams.get("code") ?? "")).status).toBe(200);
    const [connector] = await listConnectors(people.viewer.ctx, grantId);
    expect((await end(connector?.id ?? "")).status).toBe(204);
    expect(await listConnectors(people.viewer.ctx, grantId)).toEqual([]);
  });
});

describe("400", () => {
  test("a request that is not good, a grant that is none", async () => {
    const request = (await openFlow(serverId)).query();
    const bad = [
      { request: "client_id=x", grant: { kind: "existing", grantId } },
      { request, grant: { kind: "existing", grantId: randomUUID() } },
      { request, grant: { kind: "existing", grantId: "x" } },
      { request, grant: { kind: "new", label: "", policyId: null, expiresInDays: 1 } },
      { request },
    ];
    for (const body of bad) expect((await approve(body)).status).toBe(400);
  });
});

describe("401, 403, 404", () => {
  test("signed out, too small a role, another organisation", async () => {
    const request = (await openFlow(serverId)).query();
    const body = { request, grant: { kind: "existing", grantId } };
    expect((await approve(body, null)).status).toBe(401);
    expect((await approve(body, people.policy_manager.cookie)).status).toBe(403);
    expect((await approve(body, people.stranger.cookie)).status).toBe(400);
    await connectClient(people.admin.ctx, serverId, grantId);
    const [connector] = await listConnectors(people.admin.ctx, grantId);
    const id = connector?.id ?? "";
    expect((await end(id, null)).status).toBe(401);
    expect((await end(id, people.viewer.cookie)).status).toBe(403);
    expect(await refusalOf(await end(id, people.stranger.cookie))).toEqual({ status: 404, code: "not_found" });
  });
});
