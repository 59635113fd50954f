import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Ctx } from "@/lib/kernel/ctx";
import { ledger } from "@/lib/ledger/ledger.server";
import { createMember } from "@/lib/testing/factories";
import { startGatewayStack, type GatewayStack, type StackGrant } from "@/lib/testing/gateway-stack";
import { callOf, mcpPost } from "@/lib/testing/mcp-post";
import { scriptedTools, startScriptedUpstream, type ScriptedUpstream } from "@/lib/testing/scripted-upstream";
import { policyCoverage, replayPolicy } from "./policies.server";

let upstream: ScriptedUpstream;
let stack: GatewayStack;
let viewer: Ctx;
let grant: StackGrant;

/** Charges up to 100, refunds with a reason, a rate of six, a rule in shadow; one tool hidden, one not listed. */
const live = `version: "1"
hide: [delete_customer]
tools:
  create_charge:
    rules:
      - {name: cap, conditions: [{path: args.amount, op: lte, value: 100}]}
      - {name: small, mode: shadow, conditions: [{path: args.amount, op: lte, value: 10}]}
      - {name: rate, rate_limit: 6/month}
  create_refund:
    rules:
      - {name: reason, conditions: [{path: args.reason, op: exists, value: true}]}
      - {name: never, action: deny, when: [{path: args.amount, op: gt, value: 1000000, if_absent: skip}]}
`;

/** What was sent, with the values that the log does not keep. */
const sent: [tool: string, args: Record<string, unknown>, decided: string][] = [
  ["create_charge", { amount: 5 }, "allow"],
  ["create_charge", { amount: 50 }, "allow"],
  ["create_charge", { amount: 500 }, "deny"],
  ["create_charge", { amount: 60, currency: "canary-eur" }, "allow"],
  ["create_charge", {}, "deny"],
  ["create_charge", { amount: 70 }, "allow"],
  ["create_charge", { amount: 80 }, "allow"],
  ["create_charge", { amount: 90 }, "allow"],
  ["create_charge", { amount: 1 }, "rate_limited"],
  ["create_refund", { amount: 5, reason: "late" }, "allow"],
  ["create_refund", { amount: 5 }, "deny"],
  ["list_customers", {}, "deny"],
  ["delete_customer", {}, "hidden"],
];

beforeAll(async () => {
  upstream = await startScriptedUpstream();
  stack = await startGatewayStack({ upstreamUrl: upstream.url, policy: live, tools: scriptedTools });
  grant = stack;
  viewer = await createMember(stack.orgId, "viewer");
  for (const [tool, args] of sent) await mcpPost(grant, callOf(tool, args));
  await ledger().drain();
});
afterAll(async () => {
  await stack.close();
  await upstream.close();
});

const now = () => ({ ...viewer, now: new Date(Date.now() + 1000) });
const replay = (text: string) => replayPolicy(now(), grant.policyId ?? "", { text, days: 7 });

describe("replay", () => {
  test("the live text itself changes nothing and leaves nothing open", async () => {
    const report = await replay(live);
    expect(report).toMatchObject({ total: sent.length, changed: 0, undetermined: 0, cut: false, groups: [] });
    expect(report.sentence).toBe("0 of 13 calls would change.");
  });

  test("C22 what depends on presence, tools and counts is told; what depends on values is undetermined", async () => {
    const draft = live.replace("hide: [delete_customer]", "hide: [create_refund]").replace("6/month", "4/month");
    const report = await replay(draft);
    // Refunds vanish (2), the deletion is no longer hidden but not listed (1), charges five and six are over the rate (2).
    expect(report).toMatchObject({ total: 13, changed: 5, undetermined: 0 });
    expect(report.sentence).toBe(
      "5 of 13 calls would change: 2 allow → rate_limited, 1 allow → hidden, 1 deny → hidden, 1 hidden → deny.",
    );
    const tighter = await replay(live.replace("value: 100}", "value: 99}"));
    // Six charges passed the old cap and may exceed the new one; the one without an amount is denied by either, as is the big one.
    expect(tighter.changed).toBe(0);
    expect(
      tighter.groups.filter((group) => group.to === "undetermined").map(({ from, count }) => [from, count]),
    ).toEqual([
      ["allow", 6],
      ["deny", 1],
      ["rate_limited", 1],
    ]);
    expect(tighter.undetermined).toBe(8);
  });

  test("a draft that denies all is told for every call, with the decisions to look at", async () => {
    const report = await replay('version: "1"\ntools: {}\n');
    const changed = sent.filter(([, , decided]) => decided !== "deny").length;
    expect(report).toMatchObject({ changed, undetermined: 0 });
    const group = report.groups.find(({ from, tool }) => from === "allow" && tool === "create_charge");
    expect(group).toMatchObject({ to: "deny", rule: "(default deny)", count: 6 });
    expect(group?.decisionIds).toHaveLength(5);
    expect(JSON.stringify(report)).not.toContain("canary");
  });

  test("a broken draft is refused with its findings", async () => {
    await expect(replay("version: 2")).rejects.toMatchObject({ code: "policy_invalid" });
  });
});

describe("coverage", () => {
  test("each tool and rule says what it decided, what never did, and what falls to the default", async () => {
    const coverage = await policyCoverage(now(), grant.policyId ?? "", 30);
    const shown = coverage.tools.map(({ tool, class: verdict, fallsToDefault, allowed, byDefault, cells }) => [
      tool,
      verdict,
      fallsToDefault,
      allowed,
      byDefault,
      cells.map(({ name, state, count }) => `${name} ${state} ${String(count)}`),
    ]);
    expect(shown).toEqual([
      ["create_charge", "rules", false, 6, 0, ["cap decides 2", "small shadow 0", "rate decides 1"]],
      ["create_refund", "rules", false, 1, 0, ["reason decides 1", "never never 0"]],
      ["delete_customer", "hidden", false, 0, 0, []],
      ["list_customers", "default_deny", true, 0, 1, []],
    ]);
  });

  test("what shadow rules would have done is counted", async () => {
    const { rules } = await policyCoverage(now(), grant.policyId ?? "", 30);
    const small = rules.find(({ name }) => name === "small");
    // Every charge but the two small ones: also those that other rules stopped.
    expect(small?.shadow).toEqual([expect.objectContaining({ would: "deny", count: 7 })]);
    expect(rules.find(({ name }) => name === "cap")).toMatchObject({ decides: 2, tools: 1, shadow: [] });
  });

  test("A5 another organisation's policy does not exist", async () => {
    const foreign = { ...now(), orgId: "00000000-0000-4000-8000-000000000000" as Ctx["orgId"] };
    await expect(policyCoverage(foreign, grant.policyId ?? "", 30)).rejects.toMatchObject({ code: "not_found" });
    await expect(replayPolicy(foreign, grant.policyId ?? "", { text: live, days: 7 })).rejects.toMatchObject({
      code: "not_found",
    });
  });
});
