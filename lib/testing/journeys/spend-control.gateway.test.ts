import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chargeOf, denialOf, textOf } from "./agent";
import { openJourney, type Journey } from "./journey";

let journey: Journey;
beforeAll(async () => {
  journey = await openJourney();
});
afterAll(() => journey.close());

const executed = (tool?: string) => journey.payments.ledger.executed(tool);
const arrivals = () => journey.payments.ledger.entries();

describe.each(["legacy", "auto"] as const)("the spending-control policy, %s client", (mode) => {
  test("tools that the policy hides are absent from the list; denied ones stay", async () => {
    const agent = await journey.agent(mode);
    expect(agent.client.getNegotiatedProtocolVersion()).toBe(mode === "auto" ? "2026-07-28" : "2025-11-25");
    const names = (await agent.client.listTools()).tools.map((tool) => tool.name);
    expect(names).toHaveLength(9);
    expect(names).toEqual(expect.arrayContaining(["create_charge", "delete_subscription", "list_customers"]));
    expect(names.filter((name) => /delete_(customer|product|invoice)/.test(name))).toEqual([]);
  });

  test("a hidden tool answers exactly like an unknown one and neither reaches the server", async () => {
    const agent = await journey.agent(mode);
    const errorOf = async (name: string) => {
      const error: unknown = await agent.client
        .callTool({ name, arguments: { id: "cus_ada" } })
        .catch((e: unknown) => e);
      const { code, message, data } = error as { code?: unknown; message?: string; data?: unknown };
      return { code, message: message?.replaceAll(name, "<name>"), data };
    };
    const hidden = await errorOf("delete_customer");
    expect(hidden).toEqual(await errorOf("no_such_tool"));
    expect(hidden).toMatchObject({ code: -32602, message: expect.stringContaining("Unknown tool: <name>") });
    expect(arrivals().filter((entry) => ["delete_customer", "no_such_tool"].includes(entry.tool))).toEqual([]);
  });

  test("a charge of 600 dollars is denied with the rule's text and is never made", async () => {
    const agent = await journey.agent(mode);
    const result = await agent.client.callTool(chargeOf(60_000));
    expect(result.isError).toBe(true);
    expect(textOf(result)).toBe("[POLICYLAYER POLICY DENIED] Single charge cannot exceed $500.00");
    expect(denialOf(result)).toMatchObject({
      decision: "deny",
      rule: "/tools/create_charge/rules/max single charge",
      reason: "rule",
    });
    expect(arrivals().filter((entry) => entry.rawArgs.includes("60000"))).toEqual([]);
    expect(await agent.used("daily_spend")).toBe("0");
  });

  test("charges up to the daily cap pass, the next is denied until midnight, and the server executed exactly the cap", async () => {
    const agent = await journey.agent(mode);
    const before = executed("create_charge").length;
    await journey.roomInWindow("day", 15);
    for (let n = 0; n < 20; n++) expect((await agent.client.callTool(chargeOf(50_000))).isError).toBeFalsy();
    const denied = await agent.client.callTool(chargeOf(1));
    expect(textOf(denied)).toBe("[POLICYLAYER POLICY DENIED] Daily spending cap of $10,000.00 reached");
    const denial = denialOf(denied);
    expect(denial).toMatchObject({
      decision: "rate_limited",
      rule: "/tools/create_charge/rules/daily spend cap",
      reason: "limit",
    });
    expect(denial?.retryAfterMs).toBeGreaterThan(0);
    expect(denial?.retryAfterMs).toBeLessThanOrEqual(86_400_000);
    expect(await agent.used("daily_spend")).toBe("1000000");
    const charges = executed("create_charge").slice(before);
    expect(charges).toHaveLength(20);
    expect(charges.every((entry) => entry.rawArgs === '{"amount":50000,"currency":"usd"}')).toBe(true);
  });

  test("a charge in another currency is denied and takes nothing from the cap", async () => {
    const agent = await journey.agent(mode);
    const before = arrivals().length;
    const result = await agent.client.callTool(chargeOf(100, "gbp"));
    expect(textOf(result)).toBe("[POLICYLAYER POLICY DENIED] Only USD and EUR charges are permitted");
    expect(await agent.used("daily_spend")).toBe("0");
    expect(arrivals()).toHaveLength(before);
  });

  test("refunds: over the cap denied; the eleventh of a day denied; ten executed", async () => {
    const agent = await journey.agent(mode);
    const refund = (amount: number) => agent.client.callTool({ name: "create_refund", arguments: { amount } });
    const before = executed("create_refund").length;
    await journey.roomInWindow("day", 15);
    expect(textOf(await refund(10_001))).toBe(
      "[POLICYLAYER POLICY DENIED] Refunds over $100.00 require manual processing",
    );
    for (let n = 0; n < 10; n++) expect((await refund(10_000)).isError).toBeFalsy();
    expect(textOf(await refund(1))).toBe("[POLICYLAYER POLICY DENIED] Daily refund limit (10) reached");
    expect(executed("create_refund")).toHaveLength(before + 10);
  });

  test("tools that the policy does not list are seen and denied", async () => {
    const agent = await journey.agent(mode);
    const before = arrivals().length;
    for (const [name, args] of [
      ["delete_subscription", { id: "sub_ada_pro" }],
      ["list_customers", {}],
    ] as const) {
      const unlisted = await agent.client.callTool({ name, arguments: args });
      expect(textOf(unlisted)).toContain("[POLICYLAYER POLICY DENIED] ");
      expect(denialOf(unlisted)).toMatchObject({ decision: "deny", reason: "default_deny" });
    }
    expect(arrivals()).toHaveLength(before);
  });

  test("the 61st call within a minute is denied and the first sixty are executed", async () => {
    const agent = await journey.agent(mode);
    const before = executed("create_charge").length;
    await journey.roomInWindow("minute", 10);
    const results = [];
    for (let n = 0; n < 61; n++) results.push(await agent.client.callTool(chargeOf(1)));
    expect(results.slice(0, 60).filter((result) => result.isError)).toEqual([]);
    const last = results[60];
    expect(denialOf(last)).toMatchObject({
      decision: "rate_limited",
      rule: "/tools/*/rules/global rate limit",
      reason: "limit",
    });
    expect(denialOf(last)?.retryAfterMs).toBeLessThanOrEqual(60_000);
    expect(executed("create_charge")).toHaveLength(before + 60);
    expect(await agent.used("daily_spend")).toBe("60");
  });
});

test("the agent's own credentials stop at the gateway and the server's are added behind it", async () => {
  const agent = await journey.agent("auto", { Cookie: "session=1", "X-Extra": "1" });
  await agent.client.callTool(chargeOf(5));
  const names = arrivals().at(-1)?.headerNames ?? [];
  expect(names).toContain("x-demo-key");
  expect(names).not.toEqual(expect.arrayContaining(["authorization"]));
  expect(names).not.toEqual(expect.arrayContaining(["cookie"]));
  expect(names).not.toEqual(expect.arrayContaining(["x-extra"]));
});

test("an amount keeps its text all the way to the server", async () => {
  const agent = await journey.agent("legacy");
  const raw = '{"currency":"usd", "amount": 1.25e2, "description":"caf\\u00e9"}';
  await agent.postCall("create_charge", raw);
  expect(executed("create_charge").at(-1)?.rawArgs).toBe(raw);
  expect(await agent.used("daily_spend")).toBe("125");
});
