import type { Decimal } from "@/lib/kernel/decimal";
import type { Value } from "@/lib/kernel/value";
import type { Condition, PolicyDocument, PolicyTest } from "@/lib/policy/document";
import type { Path } from "@/lib/policy/path";
import { ruleName } from "@/lib/policy/run-tests";
import type { Verdict } from "@/lib/policy/simulate";
import type { Facts } from "@/lib/policy/types";

/**
 * A sample and its answer as an entry of `tests`. Beside call and counters only those facts are given that some rule of the
 * policy looks at, so that the test says what matters and nothing else.
 */
export function toTest(
  name: string,
  { facts, used, verdict }: { facts: Facts; used: ReadonlyMap<string, Decimal>; verdict: Verdict },
  document: PolicyDocument,
): PolicyTest {
  const paths = document.tools.flatMap(({ rules }) =>
    rules.flatMap((rule) => [rule.when, rule.conditions].flatMap(pathsOf)),
  );
  const isRead = (root: Path["root"], key?: string): boolean =>
    paths.some((path) => path.root === root && (key === undefined || firstKey(path) === key));
  const { grant, server, client, toolFacts } = facts;
  return {
    at: "",
    name,
    call: { tool: facts.tool, args: facts.args },
    given: {
      state: used,
      grant: {
        id: isRead("grant", "id") ? grant.id : null,
        label: isRead("grant", "label") ? grant.label : null,
        tags: isRead("grant", "tags") ? grant.tags : null,
      },
      server: isRead("server") ? server.name : null,
      client: isRead("client") ? client.name : null,
      category: isRead("tool", "category") ? toolFacts.category : null,
      risk: isRead("tool", "risk") ? toolFacts.risk : null,
      annotations: isRead("tool", "annotations") ? toolFacts.annotations : new Map<string, Value>(),
      meta: isRead("meta") ? facts.meta : new Map<string, Value>(),
      now: isRead("time") ? facts.now : null,
    },
    expect: verdict.kind,
    rule: verdict.kind === "allow" || verdict.kind === "hidden" ? null : ruleName(verdict.rule),
  };
}

function firstKey(path: Path): string | null {
  const [first] = path.steps;
  return first?.kind === "key" ? first.key : null;
}

function pathsOf(condition: Condition | null): readonly Path[] {
  if (condition === null) return [];
  if (condition.kind === "leaf") return [condition.path];
  return condition.kind === "not" ? pathsOf(condition.item) : condition.items.flatMap(pathsOf);
}
