import { decimalOf } from "@/lib/kernel/decimal";
import type { Value } from "@/lib/kernel/value";
import { compilePolicy } from "./compile";
import { evaluate } from "./evaluate";
import { parsePolicy } from "./parse";
import type { Facts } from "./types";

export interface BenchFigure {
  readonly name: string;
  readonly perSecond: number;
}

/** Rules as people write them: an amount, a currency, a pattern, a presence, in turn; the last one sums money. */
function policyText(rules: number): string {
  const checks = [
    "{ path: args.amount, op: lte, value: 50000 }",
    "{ path: args.currency, op: in, value: [usd, eur, chf] }",
    "{ path: args.customer, op: starts_with, value: cus_ }",
    "{ path: args.metadata.order, op: exists, value: true }",
  ];
  const written = Array.from({ length: rules - 1 }, (_, index) => {
    return `      - name: rule ${index}\n        conditions: [${checks[index % checks.length]}]\n`;
  });
  const cap = `      - name: cap
        conditions: [{ path: state.pay.spent, op: lte, value: 1000000 }]
        state: { counter: spent, window: day, increment_from: args.amount }
`;
  return `version: "1"\ndefault: deny\ntools:\n  pay:\n    rules:\n${written.join("")}${cap}`;
}

const call: Facts = {
  tool: "pay",
  args: new Map<string, Value>([
    ["amount", decimalOf(4200)],
    ["currency", "usd"],
    ["customer", "cus_12345"],
    ["metadata", new Map<string, Value>([["order", "77"]])],
  ]),
  grant: { id: "g", label: "ci", tags: [] },
  server: { name: "payments" },
  client: { name: "bench" },
  now: "2026-01-01T12:00:00Z",
};

/** Evaluations per second on this core, for policies of 1, 10 and 100 rules that allow the call. Takes about `forMs` each. */
export function benchPolicy(print: (line: string) => void, forMs = 500): BenchFigure[] {
  return [1, 10, 100].map((rules) => {
    const parsed = parsePolicy(policyText(rules));
    if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
    const compiled = compilePolicy(parsed.document, { digest: (text) => text });
    if (evaluate(compiled, call).kind !== "allow") throw new Error("the bench policy must allow its call");
    const run = (count: number): number => {
      const start = performance.now();
      for (let index = 0; index < count; index++) evaluate(compiled, call);
      return performance.now() - start;
    };
    run(20_000);
    const count = Math.ceil((20_000 * forMs) / Math.max(run(20_000), 0.1));
    const perSecond = Math.round((count / run(count)) * 1000);
    const name = `policy: ${rules} ${rules === 1 ? "rule" : "rules"}`;
    print(`${name.padEnd(24)} ${perSecond.toLocaleString("en")} evaluations/s`);
    return { name, perSecond };
  });
}
