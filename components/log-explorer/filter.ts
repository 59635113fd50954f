import { createSerializer, parseAsString, parseAsStringLiteral } from "nuqs/server";
import type { DecisionRow } from "@/lib/audit/schema";

type Decision = DecisionRow["decision"];
type Outcome = NonNullable<DecisionRow["outcome"]>;

/** What can be filtered by; written out so that the page need not load the schema library. */
export const decisionWords = ["allow", "deny", "rate_limited", "hold"] as const satisfies readonly Decision[];
export const outcomeWords = ["posted", "void", "in_doubt"] as const satisfies readonly Outcome[];

/** The log's filter as it stands in the URL; the page and the browser read it by the same parsers. */
export const filterParsers = {
  decision: parseAsStringLiteral(decisionWords),
  outcome: parseAsStringLiteral(outcomeWords),
  tool: parseAsString,
  grantId: parseAsString,
  policyId: parseAsString,
  text: parseAsString,
};

export type FilterValues = {
  [K in keyof typeof filterParsers]: ReturnType<(typeof filterParsers)[K]["parse"]>;
};

export const toQuery = createSerializer(filterParsers);

/** The values that are set, as plain text: the query's key, and what the API takes. */
export function setValues(values: FilterValues): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => (value === null || value === "" ? [] : [[key, value]])),
  );
}
