import fc from "fast-check";
import { expect, test } from "vitest";
import { add, decimalOf, zero } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import type { Value } from "@/lib/kernel/value";
import { windowOf } from "@/lib/quota/window";
import { compilePolicy } from "./compile";
import type { CompiledPolicy } from "./compile";
import { evaluate } from "./evaluate";
import { factsOf } from "./facts";
import { parsePolicy } from "./parse";
import { Replay } from "./replay";
import { simulate } from "./simulate";
import type { Facts } from "./types";

function compile(tools: string): CompiledPolicy {
  const parsed = parsePolicy(`version: "1"\ntools:\n${tools}`);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return compilePolicy(parsed.document, { digest: (text) => text });
}

/** Policies whose answers hang on values, presence, time, counts and each other. */
const policies = [
  "  pay: { rules: [{name: a, conditions: [{path: args.amount, op: lte, value: 5}]}, {name: b, rate_limit: 2/minute}] }\n",
  "  pay: { rules: [{name: a, action: deny, when: [{path: args.to, op: eq, value: x, if_absent: skip}]}, {name: c, limit: {sum: args.amount, max: 8, window: day}}] }\n",
  "  pay: { rules: [{name: h, action: require_approval, when: [{not: {path: args.amount, op: lt, value: 3}}]}, {name: r, limit: {max: 3, window: hour, by: [args.to]}}] }\n",
  "  pay: { rules: [{name: a, when: [{path: args.to, op: exists, value: true}], conditions: [{path: args.amount, op: gt, value: 0}]}, {name: r, when: [{path: args.to, op: eq, value: x}], rate_limit: 1/minute}] }\n",
  '  "*": { rules: [{name: odd, action: deny, when: [{path: time.minute, op: in, value: [1, 3]}]}, {name: r, rate_limit: 3/hour}] }\n  pay: { rules: [] }\n',
  "  pay: { rules: [{name: s, mode: shadow, action: deny}, {name: t, limit: {sum: args.amount, max: 20, window: day, per: org}}] }\n",
  "  pay: { rules: [{name: c, limit: {sum: args.amount, max: 8, window: day}}] }\n",
  "  pay: { rules: [{name: a, action: deny, when: [{path: args.to, op: exists, value: true}]}, {name: c, limit: {sum: args.amount, max: 8, window: day}}] }\n",
  "  pay: { rules: [{name: c, when: [{path: args.to, op: exists, value: true}], limit: {sum: args.amount, max: 9, window: day}}] }\n",
].map((tools) => compile(tools));

const aCall = fc.record({
  minute: fc.nat(4),
  amount: fc.option(fc.constantFrom<Value>(decimalOf(1), decimalOf(4), decimalOf(9), "4", null), { nil: undefined }),
  to: fc.option(fc.constantFrom<Value>("x", "y", decimalOf(1)), { nil: undefined }),
  voided: fc.boolean(),
});

/** Runs calls under a policy with real counters, as the ledger would. */
class Live {
  readonly #policy: CompiledPolicy;
  readonly #counted = new Map<string, Decimal>();

  constructor(policy: CompiledPolicy) {
    this.#policy = policy;
  }

  run(facts: Facts, voided: boolean) {
    const keyOf = (demand: {
      counter: string;
      by: readonly string[];
      window: "minute" | "hour" | "day" | "week" | "month";
    }) => JSON.stringify([demand.counter, demand.by, windowOf(Date.parse(facts.now), demand.window).startMs]);
    const { verdict: answer } = simulate(this.#policy, facts, (demand) => this.#counted.get(keyOf(demand)));
    const decision = evaluate(this.#policy, facts);
    const runs = answer.kind === "allow" && !voided && decision.kind === "allow";
    for (const demand of runs ? decision.counters : []) {
      this.#counted.set(keyOf(demand), add(this.#counted.get(keyOf(demand)) ?? zero, demand.amount));
    }
    return answer;
  }
}

test("whatever a replay decides is what the draft would have decided on the real values", () => {
  const run = fc.record({
    old: fc.nat(policies.length - 1),
    draft: fc.nat(policies.length - 1),
    calls: fc.array(aCall, { minLength: 1, maxLength: 12 }),
  });
  fc.assert(
    fc.property(run, ({ old, draft, calls }) => {
      const [before, after] = [policies[old], policies[draft]];
      if (!before || !after) throw new Error("no such policy");
      const [then, real, replay] = [new Live(before), new Live(after), new Replay(after)];
      for (const { minute, amount, to, voided } of calls.toSorted((a, b) => a.minute - b.minute)) {
        const args = new Map<string, Value>(
          Object.entries({ amount, to }).filter((entry): entry is [string, Value] => entry[1] !== undefined),
        );
        const facts = factsOf({ tool: "pay", args }, { now: `2026-01-01T12:0${String(minute)}:00Z` });
        const answer = then.run(facts, voided);
        const call = {
          allKeys: true,
          decisionId: "d",
          scope: { grantId: "g", policyId: "p", serverId: "s", orgId: "o" },
          facts: { ...facts, args: new Map() },
          argKeys: new Set(args.keys()),
          decision: answer.kind,
          rule: answer.kind === "allow" ? "" : answer.rule,
          counted: !voided,
          judgedBy: before,
        };
        const told = replay.judge(call);
        const wanted = real.run(facts, voided);
        if (told.verdict !== "undetermined") expect(told.verdict).toBe(wanted.kind);
      }
    }),
    { numRuns: 3000 },
  );
});
