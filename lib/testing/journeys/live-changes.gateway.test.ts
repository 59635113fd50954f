import { afterAll, beforeAll, expect, test } from "vitest";
import { chargeOf, textOf } from "./agent";
import { openJourney, type Journey } from "./journey";

let journey: Journey;
beforeAll(async () => {
  journey = await openJourney();
});
afterAll(() => journey.close());

const executed = () => journey.payments.ledger.executed("create_charge").length;

test("a published edit governs the next call on the same connection, and an invalid one changes nothing", async () => {
  const policy = await journey.policy();
  const agent = await journey.agent("legacy", {}, policy.id);
  const before = executed();
  expect((await agent.client.callTool(chargeOf(40_000))).isError).toBeFalsy();
  await policy.publish((text) => text.replace("value: 50000", "value: 30000"));
  expect((await agent.client.callTool(chargeOf(40_000))).isError).toBe(true);
  await expect(policy.publish((text) => text.replace('op: "in"', 'op: "within"'))).rejects.toMatchObject({
    code: "policy_invalid",
  });
  expect((await agent.client.callTool(chargeOf(40_000))).isError).toBe(true);
  expect((await agent.client.callTool(chargeOf(30_000))).isError).toBeFalsy();
  expect(executed()).toBe(before + 2);
  expect(await agent.used("daily_spend")).toBe("70000");
});

test("an edit while a call is under way neither drops the call nor its connection", async () => {
  const policy = await journey.policy();
  const agent = await journey.agent("legacy", {}, policy.id);
  const before = executed();
  journey.payments.control({ mode: "late", times: 1, delayMs: 300 });
  const call = agent.client.callTool(chargeOf(40_000));
  await expect.poll(executed).toBe(before + 1);
  await policy.publish((text) => text.replace("value: 50000", "value: 30000"));
  expect((await agent.client.callTool(chargeOf(40_000))).isError).toBe(true);
  expect((await call).isError).toBeFalsy();
  expect(executed()).toBe(before + 1);
});

test("a tool hidden by an edit is gone from the list and unknown at the next call", async () => {
  const policy = await journey.policy();
  const agent = await journey.agent("legacy", {}, policy.id);
  const listed = async () => (await agent.client.listTools()).tools.map((tool) => tool.name);
  expect(await listed()).toContain("create_refund");
  await policy.publish((text) => text.replace("hide:", "hide:\n  - create_refund"));
  expect(await listed()).not.toContain("create_refund");
  const call = agent.client.callTool({ name: "create_refund", arguments: { amount: 1 } });
  await expect(call).rejects.toMatchObject({ code: -32602 });
  expect(journey.payments.ledger.executed("create_refund")).toEqual([]);
});

test("a revoked grant stops the next call", async () => {
  const agent = await journey.agent();
  expect((await agent.client.callTool(chargeOf(1))).isError).toBeFalsy();
  const before = journey.payments.ledger.entries().length;
  await agent.revoke();
  await expect(agent.client.callTool(chargeOf(1))).rejects.toThrow();
  expect(journey.payments.ledger.entries()).toHaveLength(before);
});

test("a grant without a policy is denied everything", async () => {
  const agent = await journey.agent("auto", {}, null);
  const before = journey.payments.ledger.entries().length;
  expect(textOf(await agent.client.callTool(chargeOf(1)))).toContain("[POLICYLAYER POLICY DENIED] ");
  expect(journey.payments.ledger.entries()).toHaveLength(before);
});

test("counters hold over a restart of the whole stack", async () => {
  const agent = await journey.agent();
  await journey.roomInWindow("day", 15);
  await journey.roomInWindow("minute", 10);
  for (let n = 0; n < 20; n++) await agent.client.callTool(chargeOf(49_999));
  const before = executed();
  await journey.restart();
  const again = await agent.reconnect();
  expect(textOf(await again.client.callTool(chargeOf(21)))).toBe(
    "[POLICYLAYER POLICY DENIED] Daily spending cap of $10,000.00 reached",
  );
  expect((await again.client.callTool(chargeOf(20))).isError).toBeFalsy();
  expect(await again.used("daily_spend")).toBe("1000000");
  expect(executed()).toBe(before + 1);
});
