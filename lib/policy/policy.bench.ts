import { parseDecimal, zero } from "@/lib/kernel/decimal";
import type { Value } from "@/lib/kernel/value";
import { compilePolicy } from "./compile";
import type { CompiledPolicy } from "./compiled";
import { evaluate } from "./evaluate";
import { parsePolicy } from "./parse";
import type { Facts } from "./types";

/** One requirement of a call, in no engine's language. An argument that is absent meets none. */
export type BenchCheck =
  | { readonly op: "lte"; readonly arg: "amount"; readonly max: number }
  | { readonly op: "in"; readonly arg: "currency"; readonly list: readonly string[] }
  | { readonly op: "starts_with"; readonly arg: "customer"; readonly prefix: string }
  | { readonly op: "exists"; readonly arg: "metadata"; readonly key: string };

/** Rules by tool, each with one check. A call is allowed when its tool is listed and every check is met. */
export type BenchPolicy = ReadonlyMap<string, readonly BenchCheck[]>;

export interface BenchCall {
  readonly tool: string;
  readonly args: {
    readonly amount?: number;
    readonly currency?: string;
    readonly customer?: string;
    readonly metadata?: Readonly<Record<string, string>>;
  };
}

const currencies = ["usd", "eur", "chf"];

/** An amount up to this meets every check of an amount. */
export const benchLeast = 50_000;

/**
 * Checks as people write them: an amount, a currency, a beginning, a presence, in turn. Every bound is another one, from
 * `least` on; rule 1 holds the list when one is given.
 */
function checksOf(rules: number, list = currencies, least = benchLeast): BenchCheck[] {
  return Array.from({ length: rules }, (_, index): BenchCheck => {
    switch (index % 4) {
      case 0:
        return { op: "lte", arg: "amount", max: least + 500 * index };
      case 1:
        return { op: "in", arg: "currency", list: index === 1 ? list : currencies };
      case 2:
        return { op: "starts_with", arg: "customer", prefix: "cus_" };
      default:
        return { op: "exists", arg: "metadata", key: "order" };
    }
  });
}

export const benchPolicies = {
  oneRule: new Map([["pay", checksOf(1)]]),
  threeRules: new Map([["pay", checksOf(3)]]),
  tenRules: new Map([["pay", checksOf(10)]]),
  hundredRules: new Map([["pay", checksOf(100)]]),
  manyTools: new Map(
    Array.from({ length: 500 }, (_, index) => [`tool_${String(index)}`, checksOf(3, currencies, benchLeast + index)]),
  ),
  /** The ten rules, one of them with 1,000 entries; those that calls use stand at its end. */
  longList: new Map([
    ["pay", checksOf(10, [...Array.from({ length: 997 }, (_, index) => `c${String(index)}`), ...currencies])],
  ]),
} satisfies Record<string, BenchPolicy>;

/** The policy as a document of our language. */
export function benchText(policy: BenchPolicy): string {
  const tools = [...policy].map(([tool, checks]) => {
    const rules = checks.map(
      (check, index) => `      - name: rule ${String(index)}\n        conditions: [${words(check)}]`,
    );
    return `  ${tool}:\n    rules:\n${rules.join("\n")}\n`;
  });
  return `version: "1"\ndefault: deny\ntools:\n${tools.join("")}`;
}

function words(check: BenchCheck): string {
  switch (check.op) {
    case "lte":
      return `{ path: args.amount, op: lte, value: ${String(check.max)} }`;
    case "in":
      return `{ path: args.currency, op: in, value: [${check.list.join(", ")}] }`;
    case "starts_with":
      return `{ path: args.customer, op: starts_with, value: ${check.prefix} }`;
    case "exists":
      return `{ path: args.metadata.${check.key}, op: exists, value: true }`;
  }
}

/** Throws when the document has an error. */
export function compileBench(text: string): CompiledPolicy {
  const parsed = parsePolicy(text);
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
  return compilePolicy(parsed.document, { digest: (meaning) => String(meaning.length) });
}

/** The call as the gateway hands it to the evaluator. */
export function benchFacts({ tool, args }: BenchCall): Facts {
  const values = new Map<string, Value>();
  if (args.amount !== undefined) values.set("amount", parseDecimal(String(args.amount)) ?? zero);
  if (args.currency !== undefined) values.set("currency", args.currency);
  if (args.customer !== undefined) values.set("customer", args.customer);
  if (args.metadata) values.set("metadata", new Map(Object.entries(args.metadata)));
  return {
    tool,
    args: values,
    grant: { id: "g", label: "ci", tags: [] },
    server: { name: "payments" },
    client: { name: "bench" },
    toolFacts: { category: "financial", risk: "critical", annotations: new Map() },
    meta: new Map(),
    now: "2026-01-01T12:00:00Z",
  };
}

/** Whether the evaluator lets the call pass. */
export function isAllowed(compiled: CompiledPolicy, facts: Facts): boolean {
  return evaluate(compiled, facts).kind === "allow";
}
