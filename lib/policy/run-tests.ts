import { compilePolicy } from "./compile";
import type { CompiledPolicy } from "./compiled";
import { counterNames, usedFrom } from "./counter-names";
import type { ExpectWord, PolicyDocument, PolicySource, PolicyTest } from "./document";
import { factsOfTest } from "./facts";
import { parsePolicy } from "./parse";
import { simulate } from "./simulate";
import type { Verdict } from "./simulate";
import type { Problem } from "./types";

/** How one entry of `tests` came out. */
export interface TestResult {
  readonly name: string;
  /** Line of the test in the text, 1-based. */
  readonly line: number;
  readonly ok: boolean;
  readonly expected: ExpectWord;
  readonly actual: ExpectWord;
  /** Id of the rule that decided; "" when the call was allowed. */
  readonly rule: string;
  /** The rule that the test wanted to decide; null when it did not say. */
  readonly expectedRule: string | null;
}

export interface TestRun {
  readonly passed: number;
  readonly failed: number;
  readonly results: readonly TestResult[];
  /** Findings of the check. With an error among them nothing was run. */
  readonly problems: readonly Problem[];
}

/**
 * Runs the `tests` of a policy text, by the evaluator of the gateway. A text with errors runs nothing and is no pass:
 * see `problems`. `digest` is the hash that compiled policies carry.
 */
export function runPolicyTests(text: string, options: { digest: (text: string) => string }): TestRun {
  const parsed = parsePolicy(text);
  if (!parsed.ok) return { passed: 0, failed: 0, results: [], problems: parsed.problems };
  const { document, source, problems } = parsed;
  const results = runDocumentTests(document, compilePolicy(document, options), source);
  const passed = results.filter((result) => result.ok).length;
  return { passed, failed: results.length - passed, results, problems };
}

/** The same for a policy that is already compiled. */
export function runDocumentTests(
  document: PolicyDocument,
  compiled: CompiledPolicy,
  source: PolicySource,
): readonly TestResult[] {
  const names = counterNames(document);
  return document.tests.map((test) => {
    const { verdict } = simulate(compiled, factsOfTest(test), usedFrom(test.given.state, names));
    return resultOf(test, verdict, source.positionOf(test.at).line);
  });
}

function resultOf(test: PolicyTest, verdict: Verdict, line: number): TestResult {
  const rule = verdict.kind === "allow" ? "" : verdict.rule;
  const ok = verdict.kind === test.expect && (test.rule === null || isRule(rule, test.rule));
  return { name: test.name, line, ok, expected: test.expect, actual: verdict.kind, rule, expectedRule: test.rule };
}

/** Whether a reported rule is the one that is written: by id, or by name alone. */
function isRule(id: string, written: string): boolean {
  return id === written || ruleName(id) === written;
}

/** The name in a rule id; words such as `(hidden)` are their own name. */
export function ruleName(id: string): string {
  const last = id.slice(id.lastIndexOf("/") + 1);
  return last.replaceAll("~1", "/").replaceAll("~0", "~");
}
