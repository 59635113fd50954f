import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { pool } from "@/lib/db/db.server";
import { startGatewayStack, type GatewayStack, type StackGrant } from "@/lib/testing/gateway-stack";
import { callOf, mcpPost, modern, textOf, type McpResponse } from "@/lib/testing/mcp-post";
import { scriptedTools, startScriptedUpstream, type ScriptedUpstream } from "@/lib/testing/scripted-upstream";

let upstream: ScriptedUpstream;
let stack: GatewayStack;

beforeAll(async () => {
  upstream = await startScriptedUpstream();
  stack = await startGatewayStack({ upstreamUrl: upstream.url, policy: null, tools: scriptedTools });
});
afterAll(async () => {
  await stack.close();
  await upstream.close();
});
beforeEach(() => {
  upstream.reset();
});

const add = (rules: string, more = "") =>
  stack.add({
    upstreamUrl: upstream.url,
    policy: `version: "1"\n${more}\ntools:\n  create_charge:\n    rules:\n${rules}`,
    tools: scriptedTools,
  });
const charge = (grant: StackGrant, args: object) => mcpPost(grant, callOf("create_charge", args));
const reasonOf = ({ decision }: McpResponse): unknown => decision?.["reason"] ?? "passed";

describe("limits", () => {
  test("currencies never add up, and a call that names none is denied", async () => {
    const grant = await add(
      "      - {name: cap, limit: {sum: args.amount, max: 100, window: month, by: [args.currency]}}\n",
    );
    const ends = [];
    for (const [amount, currency] of [
      [60, "usd"],
      [60, "eur"],
      [60, "usd"],
      [40, "usd"],
      [41, "eur"],
    ] as const) {
      ends.push(reasonOf(await charge(grant, { amount, currency })));
    }
    expect(ends).toEqual(["passed", "passed", "limit", "passed", "limit"]);
    expect(reasonOf(await charge(grant, { amount: 1 }))).toBe("absent");
    expect(reasonOf(await charge(grant, { amount: 1, currency: ["usd"] }))).toBe("type");
    expect(upstream.executed).toHaveLength(3);
    const records = (await stack.log(grant)).map((row) => row.record).join("\n");
    expect(records).not.toContain("usd");
  });

  test("what splits a counter is bounded: the 1,001st value of a window is denied, the others go on", async () => {
    const grant = await add("      - {name: each, limit: {max: 5, window: month, by: [args.customer]}}\n");
    await charge(grant, { customer: "first" });
    await pool().query(
      `INSERT INTO counter (org_id, key, window_start, window_end, grant_id, policy_id, name, used, family)
       SELECT org_id, key || n, window_start, window_end, grant_id, policy_id, name, 1, family
       FROM counter, generate_series(1, 999) n WHERE grant_id = $1`,
      [grant.grantId],
    );
    expect(reasonOf(await charge(grant, { customer: "one too many" }))).toBe("by_values");
    expect(reasonOf(await charge(grant, { customer: "first" }))).toBe("passed");
    expect(upstream.executed).toHaveLength(2);
  });

  test("`per: org` counts all grants together, and without it each has its own count", async () => {
    const rules = (per: string) => `      - {name: all, limit: {max: 2, window: month${per}}}\n`;
    const [shared, own] = [await add(rules(", per: policy")), await add(rules(""))];
    const [second, other] = [await stack.twin(shared, "second"), await stack.twin(own, "other")];
    const ends = [];
    for (const grant of [shared, second, shared, own, other, own]) ends.push(reasonOf(await charge(grant, {})));
    expect(ends).toEqual(["passed", "passed", "limit", "passed", "passed", "passed"]);
  });

  test("exact decimals: a tenth and two tenths fill a cap of three tenths, and not a millionth more fits", async () => {
    const grant = await add("      - {name: cap, limit: {sum: args.amount, max: 0.3, window: month}}\n");
    const body = (amount: string) => JSON.stringify(callOf("create_charge", {})).replace("{}", `{"amount":${amount}}`);
    const ends = [];
    for (const amount of ["0.1", "0.2", "0.000001", "0"]) ends.push(reasonOf(await mcpPost(grant, body(amount))));
    expect(ends).toEqual(["passed", "passed", "limit", "passed"]);
  });

  test("at 80 % of a cap the record marks the counter, once in its window", async () => {
    const grant = await add("      - {name: cap, limit: {sum: args.amount, max: 100, window: month}}\n");
    for (const amount of [70, 9, 1, 5]) await charge(grant, { amount });
    const near = (await stack.log(grant)).filter((row) => row.record.includes('"near":true'));
    expect(near).toHaveLength(1);
    const rows = await pool().query("SELECT near_at FROM counter WHERE grant_id = $1 AND near_at IS NOT NULL", [
      grant.grantId,
    ]);
    expect(rows.rows).toHaveLength(1);
  });
});

describe("shadow", () => {
  test("shadow rules forbid nothing, and the log says what they would have done", async () => {
    const grant = await add(
      [
        "      - {name: cap, mode: shadow, conditions: [{path: args.amount, op: lte, value: 5}]}",
        "      - {name: rate, mode: shadow, rate_limit: 1/month}",
        "      - {name: ask, mode: shadow, action: require_approval, when: [{path: args.amount, op: gt, value: 7}]}",
        "      - {name: gone, mode: off, action: deny}\n",
      ].join("\n"),
    );
    const ends = [
      await charge(grant, { amount: 1 }),
      await charge(grant, { amount: 6 }),
      await charge(grant, { amount: 8 }),
    ];
    expect(ends.map(reasonOf)).toEqual(["passed", "passed", "passed"]);
    await stack.log(grant);
    const rows = await pool().query<{ shadow: { rule: string; would: string }[] | null }>(
      "SELECT shadow FROM decision_log WHERE grant_id = $1 AND kind = 'decision' ORDER BY seq",
      [grant.grantId],
    );
    const notes = rows.rows.map(
      ({ shadow }) => shadow?.map(({ rule, would }) => `${rule.split("/").at(-1) ?? ""} ${would}`) ?? null,
    );
    expect(notes).toEqual([null, ["cap deny", "rate rate_limited"], ["cap deny", "ask hold", "rate rate_limited"]]);
  });
});

describe("facts", () => {
  test("time is the database's, and its parts are UTC", async () => {
    const { rows } = await pool().query<{ hour: number }>(
      "SELECT extract(hour FROM clock_timestamp() AT TIME ZONE 'UTC')::int AS hour",
    );
    const hour = rows[0]?.hour ?? -1;
    const rule = (value: number) =>
      `      - {name: hour, action: deny, when: [{path: time.hour, op: eq, value: ${String(value)}}]}\n`;
    const [now, later] = [await add(rule(hour)), await add(rule((hour + 12) % 24))];
    expect([reasonOf(await charge(now, {})), reasonOf(await charge(later, {}))]).toEqual(["rule", "passed"]);
  });

  test("W11 metadata of the request is judged: a payment in `_meta` is seen", async () => {
    const grant = await add(
      "      - {name: unpaid, action: deny, when: [{path: 'meta[\"x402/payment\"]', op: exists, value: true}]}\n",
    );
    expect(reasonOf(await charge(grant, {}))).toBe("passed");
    const { body, headers } = modern("tools/call", { name: "create_charge", arguments: {} });
    const paid = {
      ...body,
      params: { ...body.params, _meta: { ...body.params._meta, "x402/payment": { value: 900 } } },
    };
    expect(reasonOf(await mcpPost(grant, paid, headers))).toBe("rule");
    expect(upstream.executed).toHaveLength(1);
  });

  test("the category of the tool is judged", async () => {
    const policy = (category: string) =>
      `      - {name: class, conditions: [{path: tool.category, op: eq, value: ${category}}]}\n`;
    const [money, read] = [await add(policy("financial")), await add(policy("read"))];
    expect([reasonOf(await charge(money, {})), reasonOf(await charge(read, {}))]).toEqual(["passed", "rule"]);
  });
});

test("a call that a person would have to approve is refused and recorded, never passed", async () => {
  const grant = await add(
    "      - {name: big, action: require_approval, when: [{path: args.amount, op: gte, value: 100}]}\n",
  );
  expect(reasonOf(await charge(grant, { amount: 99 }))).toBe("passed");
  const held = [await charge(grant, { amount: 100 }), await charge(grant, {}), await charge(grant, { amount: "1" })];
  expect(held.map(reasonOf)).toEqual(["approval_required", "approval_required", "approval_required"]);
  expect(held.map(({ decision }) => decision?.["rule"])).toEqual(Array(3).fill("/tools/create_charge/rules/big"));
  expect(textOf(held[0] ?? (await charge(grant, {})))).toContain("[POLICYLAYER POLICY DENIED]");
  expect(upstream.executed).toHaveLength(1);
  expect((await stack.log(grant)).filter((row) => row.reason === "approval_required")).toHaveLength(3);
});
