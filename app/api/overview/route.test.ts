import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Overview } from "@/lib/analytics/schema";
import { pool } from "@/lib/db/db.server";
import { createGrantRow, createPolicyRow, createServerRow } from "@/lib/testing/factories";
import { openTestHouse, type TestHouse } from "@/lib/testing/house";
import { createPeople, jsonOf, type People } from "@/lib/testing/people";
import { apiRequest } from "@/lib/testing/session";
import { GET } from "./route";

let house: TestHouse;
let people: People;

beforeAll(async () => {
  house = await openTestHouse();
  people = await createPeople();
});
afterAll(() => house.close());

const read = async (cookie: string | null = people.viewer.cookie) =>
  GET(apiRequest("GET", "/api/overview", { cookie }));

let seq = 0;
async function addRecord(kind: string, word: string, ageHours: number, reason = ""): Promise<void> {
  const column = kind === "decision" ? "decision" : "outcome";
  await pool().query(
    `INSERT INTO decision_log (org_id, seq, kind, decision_id, at, record, prev_hash, hash, ${column}, reason)
     VALUES ($1, $2, $3, $4, now() - make_interval(hours => $5), '{}', '', '', $6, $7)`,
    [people.orgId, (seq += 1), kind, randomUUID(), ageHours, word, reason],
  );
}

describe("200", () => {
  test("an organisation in which nothing happened has zeros and an open checklist", async () => {
    const overview = await jsonOf<Overview>(await read(people.stranger.cookie));
    expect(overview.totals).toEqual({ allow: 0, deny: 0, rate_limited: 0, inDoubt: 0, upstreamErrors: 0 });
    expect(overview.series).toHaveLength(24);
    expect(Object.values(overview.checklist)).not.toContain(true);
    expect(overview.counters).toEqual([]);
  });

  test("figures count the last 24 hours, counters show open windows fullest first, amounts stay exact", async () => {
    const serverId = await createServerRow(people.orgId);
    const policyId = await createPolicyRow(people.orgId, `version: "1"\ntools: {}\n`, "Spend");
    const { grant } = await createGrantRow(people.orgId, { serverId, policyId, label: "bot" });
    for (const [word, age] of [
      ["allow", 0],
      ["allow", 22],
      ["deny", 1],
      ["rate_limited", 0],
      ["deny", 30],
    ] as const) {
      await addRecord("decision", word, age);
    }
    await addRecord("outcome", "in_doubt", 0, "upstream_timeout");
    await addRecord("outcome", "posted", 0);
    const counter = (name: string, used: string, max: string | null, hours: number) =>
      pool().query(
        `INSERT INTO counter (org_id, key, window_start, window_end, grant_id, policy_id, name, used, max)
         VALUES ($1, $2, now() - interval '2 days', now() + make_interval(hours => $3), $4, $5, $6, $7, $8)`,
        [people.orgId, name, hours, grant.id, policyId, name, used, max],
      );
    await counter("low", "1", "100", 1);
    await counter("high", "9007199254740993.10", "9007199254740994", 1);
    await counter("open", "5", null, 1);
    await counter("over", "99", "100", -1);
    const overview = await jsonOf<Overview>(await read());
    expect(overview.totals).toEqual({ allow: 2, deny: 1, rate_limited: 1, inDoubt: 1, upstreamErrors: 1 });
    expect(overview.series.at(-1)).toMatchObject({ allow: 1, rate_limited: 1 });
    expect(overview.counters.map((item) => [item.name, item.used, item.max])).toEqual([
      ["high", "9007199254740993.1", "9007199254740994"],
      ["low", "1", "100"],
      ["open", "5", null],
    ]);
    expect(overview.counters[0]).toMatchObject({ grantLabel: "bot", policyName: "Spend" });
    expect(Object.values(overview.checklist)).not.toContain(false);
  });
});

describe("401", () => {
  test("signed out", async () => {
    expect((await read(null)).status).toBe(401);
  });
});
