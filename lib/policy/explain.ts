import type { Value } from "@/lib/kernel/value";
import type { CompiledPolicy, CompiledRule, LeafTest } from "./compiled";
import type { RuleAction, RuleId, Scalar } from "./document";
import { evaluate } from "./evaluate";
import type { Operator } from "./operators";
import type { Recorder, RuleOutcome } from "./recorder";
import { absent, mistyped, yes } from "./truth";
import type { Truth } from "./truth";
import type { Decision, Facts } from "./types";

export type TruthWord = "true" | "false" | "unknown";

/** One condition as it was judged. `why` says what makes it unknown. */
export type ConditionTrace = {
  readonly truth: TruthWord;
  readonly why: "absent" | "type" | null;
} & (
  | {
      readonly kind: "leaf";
      readonly path: string;
      readonly op: Operator;
      readonly value: Scalar | readonly Scalar[];
      /** Undefined when the argument is absent; under `[*]` the list of all elements. */
      readonly actual: Value | undefined;
    }
  | { readonly kind: "all" | "any" | "not"; readonly items: readonly ConditionTrace[] }
);

export interface RuleTrace {
  readonly rule: RuleId;
  readonly name: string;
  readonly action: RuleAction;
  /** True: the outcome is what would have happened. */
  readonly shadow: boolean;
  readonly outcome: RuleOutcome;
  readonly when: ConditionTrace | null;
  readonly conditions: ConditionTrace | null;
}

/** `rules` is empty when the call was decided before any rule: hidden, or not listed. */
export interface Explanation {
  readonly decision: Decision;
  readonly rules: readonly RuleTrace[];
}

/** The decision of `evaluate`, by the same code, with every rule and condition, actual values and truth, also behind a denial. */
export function explain(compiled: CompiledPolicy, facts: Facts): Explanation {
  const recorder = new TraceRecorder();
  return { decision: evaluate(compiled, facts, recorder), rules: recorder.rules };
}

type Group = { kind: "all" | "any" | "not"; items: ConditionTrace[] };

class TraceRecorder implements Recorder {
  readonly rules: RuleTrace[] = [];
  private rule: CompiledRule | null = null;
  private parts: Record<"when" | "conditions", ConditionTrace | null> = { when: null, conditions: null };
  private current: "when" | "conditions" = "when";
  private groups: Group[] = [];

  openRule(rule: CompiledRule): void {
    this.rule = rule;
    this.parts = { when: null, conditions: null };
  }

  part(name: "when" | "conditions"): void {
    this.current = name;
  }

  open(kind: Group["kind"]): void {
    this.groups.push({ kind, items: [] });
  }

  close(truth: Truth): void {
    const group = this.groups.pop();
    if (group) this.add({ ...words(truth), ...group });
  }

  leaf(test: LeafTest, actual: Value | undefined, truth: Truth): void {
    this.add({ ...words(truth), kind: "leaf", path: test.path.text, op: test.op, value: test.value, actual });
  }

  closeRule(outcome: RuleOutcome): void {
    if (!this.rule) return;
    const { id, name, action, shadow } = this.rule;
    this.rules.push({ rule: id, name, action, shadow, outcome, ...this.parts });
  }

  private add(trace: ConditionTrace): void {
    const group = this.groups.at(-1);
    if (group) group.items.push(trace);
    else this.parts[this.current] = trace;
  }
}

function words(truth: Truth): Pick<ConditionTrace, "truth" | "why"> {
  if (truth === absent) return { truth: "unknown", why: "absent" };
  if (truth === mistyped) return { truth: "unknown", why: "type" };
  return { truth: truth === yes ? "true" : "false", why: null };
}
