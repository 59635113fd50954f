import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DecisionDetail, LogPage } from "@/lib/audit/schema";
import type { DecisionId, GrantId, ServerId } from "@/lib/kernel/ids";
import { ledger, startLedger, stopLedger } from "@/lib/ledger/ledger.server";
import { createGrantRow, createServerRow } from "@/lib/testing/factories";
import { openTestHouse, type TestHouse } from "@/lib/testing/house";
import { createPeople, jsonOf, refusalOf, type People } from "@/lib/testing/people";
import { apiRequest } from "@/lib/testing/session";
import { GET as getOne } from "./[decisionId]/route";
import { GET as integrity } from "./integrity/route";
import { GET } from "./route";

let house: TestHouse;
let people: People;
const ids: string[] = [];

beforeAll(async () => {
  house = await openTestHouse();
  people = await createPeople();
  await startLedger();
  const serverId = (await createServerRow(people.orgId, { name: "Payments" })) as ServerId;
  const { grant } = await createGrantRow(people.orgId, { serverId, label: "bot" });
  for (const tool of ["create_charge", "create_refund", "create_payout"]) {
    const decisionId = randomUUID() as DecisionId;
    ids.push(decisionId);
    await ledger().record({
      orgId: people.orgId,
      decisionId,
      grantId: grant.id as GrantId,
      serverId,
      policyId: null,
      policyVersion: null,
      policyHash: null,
      method: "tools/call",
      tool,
      argKeys: ["amount"],
      argDigest: null,
      client: { name: "test", version: "1", address: "127.0.0.1" },
      protocolVersion: "2025-11-25",
      shadow: null,
      decision: "deny",
      rule: "(no policy)",
      reason: "no_policy",
    });
  }
});
afterAll(async () => {
  await stopLedger();
  await house.close();
});

const read = (handler: typeof GET, query = "", params = {}, cookie: string | null = people.viewer.cookie) =>
  handler(apiRequest("GET", `/api/logs${query}`, { cookie }), { params: Promise.resolve(params) });

describe("200", () => {
  test("pages go from the newest to the oldest and meet without a gap", async () => {
    const first = await jsonOf<LogPage>(await read(GET, "?limit=2"));
    const second = await jsonOf<LogPage>(await read(GET, `?limit=2&before=${String(first.next)}`));
    expect([...first.rows, ...second.rows].map((row) => row.decisionId)).toEqual([...ids].reverse());
    expect(second.next).toBeNull();
    expect(first.rows[0]).toMatchObject({
      tool: "create_payout",
      grant: { label: "bot" },
      server: { name: "Payments" },
    });
  });
  test("filters narrow, and an unknown one is no error", async () => {
    const page = await jsonOf<LogPage>(await read(GET, "?decision=deny&tool=create_refund&x=y"));
    expect(page.rows.map((row) => row.decisionId)).toEqual([ids[1]]);
    expect((await jsonOf<LogPage>(await read(GET, "?decision=allow"))).rows).toEqual([]);
  });
  test("one decision comes with its chained record, and the chain verifies", async () => {
    const detail = await jsonOf<DecisionDetail>(await read(getOne, "", { decisionId: ids[0] }));
    expect(detail).toMatchObject({ decisionId: ids[0], argKeys: ["amount"], records: [{ seq: "1" }] });
    expect(await jsonOf(await read(integrity))).toMatchObject({ ok: true, count: 3, head: { seq: "3" } });
  });
});

describe("400", () => {
  test.each(["?limit=0", "?limit=x", "?before=x", "?grantId=1", "?decision=maybe"])("%s", async (query) => {
    expect(await refusalOf(await read(GET, query))).toEqual({ status: 400, code: "invalid_input" });
  });
});

describe("401, 404", () => {
  test("signed out; another organisation sees nothing and finds nothing", async () => {
    expect((await read(GET, "", {}, null)).status).toBe(401);
    expect((await jsonOf<LogPage>(await read(GET, "", {}, people.stranger.cookie))).rows).toEqual([]);
    expect((await read(getOne, "", { decisionId: ids[0] }, people.stranger.cookie)).status).toBe(404);
    expect((await read(getOne, "", { decisionId: randomUUID() })).status).toBe(404);
  });
});
