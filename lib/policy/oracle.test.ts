import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { callArbitrary, policyArbitrary, usedArbitrary } from "@/lib/testing/policy-arbitraries";
import { judgeByTheBook } from "@/lib/testing/policy-oracle";
import type { OracleAnswer } from "@/lib/testing/policy-oracle";
import { answerOf, buildText, factsFor, textFor } from "@/lib/testing/policy-verdict";
import { evaluate } from "./evaluate";
import { explain } from "./explain";

const slow = process.env["SLOW"] === "1";
const callsPerPolicy = 8;
const policies = slow ? 125_000 : 1250;

/** What must come up again and again, so that agreement means something. */
const wanted = [
  "hidden",
  "allow",
  "deny rule",
  "deny absent",
  "deny type",
  "deny amount",
  "deny default_deny",
  "rate_limited limit",
  "hold rule",
  "hold absent",
  "hold type",
  "several holds",
  "shadow deny",
  "shadow hold",
  "shadow rate_limited",
  "split",
  "several limits",
  "read only",
];

/** How often a kind of answer must have come up, so that agreement is not agreement about nothing. */
function seenLeast(mark: string): number {
  // The rarest comes about 25 times a run, in clusters of one policy: a floor near that would fail by chance.
  return mark === "hold type" ? 3 : 20;
}

function marksOf({ kind, reason, holds, shadow, demands }: OracleAnswer): string[] {
  return [
    `${kind} ${reason}`.trim(),
    ...(holds.length > 1 ? ["several holds"] : []),
    ...shadow.map(({ would }) => `shadow ${would}`),
    ...(demands.some(({ by }) => by.length > 0) ? ["split"] : []),
    ...(demands.some(({ limits }) => limits.length > 1) ? ["several limits"] : []),
    ...(demands.some(({ amount }) => amount === "0") ? ["read only"] : []),
  ];
}

describe("the evaluator and the oracle", { timeout: slow ? 7_200_000 : 120_000 }, () => {
  test("agree on ten thousand random policies, calls and counters: answer, rule, reason, text, holds, shadow, counters", () => {
    const seen = new Map<string, number>();
    const calls = fc.array(callArbitrary, { minLength: callsPerPolicy, maxLength: callsPerPolicy });
    const style = fc.constantFrom("json" as const, "yaml" as const);
    fc.assert(
      fc.property(policyArbitrary, style, calls, usedArbitrary, (policy, written, some, used) => {
        const compiled = buildText(textFor(policy, written));
        for (const call of some) {
          const facts = factsFor(call);
          const answer = answerOf(compiled, facts, used);
          expect(answer).toEqual(judgeByTheBook(policy, call, used));
          expect(explain(compiled, facts).decision).toEqual(evaluate(compiled, facts));
          for (const mark of marksOf(answer)) seen.set(mark, (seen.get(mark) ?? 0) + 1);
        }
      }),
      { numRuns: policies },
    );
    expect(wanted.filter((mark) => (seen.get(mark) ?? 0) < seenLeast(mark))).toEqual([]);
  });
});
