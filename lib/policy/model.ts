import type { Decimal } from "@/lib/kernel/decimal";
import type { CounterPer } from "@/lib/quota/key";
import type { Window } from "@/lib/quota/window";
import type { ApprovalWords, Counting, Leaf, MethodLine, PolicyTest, Rule, RuleMode, Scalar } from "./document";
import type { Operator } from "./operators";

/**
 * A document as the visual editor draws it. Plain data without pixels; ids derive from rule ids, so they survive edits of
 * other parts. `toModel` makes one, `toDocument` and `editPolicy` turn it back.
 */
export interface PolicyModel {
  readonly description: string | null;
  readonly default: "deny" | "allow";
  readonly defaultGiven: boolean;
  /** Names and globs of `hide`, in file order. */
  readonly hide: readonly string[];
  /** Blocks of `tools` in file order, then names that only `hide` has. */
  readonly tools: readonly ToolNode[];
  readonly approvals: ApprovalWords | null;
  /** Parts that have no picture; they are kept as they are. */
  readonly locked: { readonly methods: readonly MethodLine[]; readonly tests: readonly PolicyTest[] };
}

/** Allow: listed with no rules. Deny: one unconditional deny. Hide: named in `hide`. Custom: anything else. */
export type ToolState = "allow" | "deny" | "hide" | "custom";

export interface ToolNode {
  /** `/tools/<name>` under the name that the text has. */
  readonly id: string;
  readonly name: string;
  /** Follows from the rest; change it with `setToolState`. */
  readonly state: ToolState;
  /** Whether `tools` has a block of this name; false for a name that only `hide` has. */
  readonly listed: boolean;
  readonly rules: readonly RuleNode[];
  /** Pointer into the text, for problems. */
  readonly at: string;
}

export type RuleNode = RuleCard | LockedRule;

/** What a card draws: what must be true, when to deny, when to hold, and three kinds of limits. */
export type CardKind = "require" | "deny_if" | "hold_if" | "limit_calls" | "cap_sum" | "counter";

export interface RuleCard {
  readonly kind: CardKind;
  /** The rule id under the name that the text has. */
  readonly id: string;
  readonly at: string;
  readonly name: string;
  readonly mode: RuleMode;
  readonly description: string | null;
  /** `on_deny`; null = the default text of the language. */
  readonly message: string | null;
  /** Rows of `when`, all of which must hold; empty: the rule applies always. */
  readonly when: readonly ConditionRow[];
  /** Rows of `conditions`; only on `require` and `counter`. */
  readonly conditions: readonly ConditionRow[];
  /** On `limit_calls`, `cap_sum` and `counter`. */
  readonly limit: CardLimit | null;
  /** On `hold_if`; null = as the document or the product says. */
  readonly approval: ApprovalWords | null;
}

/** One row, or a group of rows; a card has groups to depth 2. Paths are text, as typed. */
export type ConditionRow =
  | {
      readonly kind: "leaf";
      readonly at: string;
      readonly path: string;
      readonly op: Operator;
      readonly value: Scalar | readonly Scalar[];
      readonly ifAbsent: Leaf["ifAbsent"];
    }
  | { readonly kind: "all" | "any"; readonly rows: readonly ConditionRow[] }
  | { readonly kind: "not"; readonly row: ConditionRow };

/** What a card counts and how much of it it lets through. */
export interface CardLimit {
  readonly at: string;
  readonly form: Counting["form"];
  /** The counter's own name; only of the `state` form. */
  readonly counter: string | null;
  /** Path of the argument that is summed; null = calls are counted. */
  readonly sum: string | null;
  /** What one call adds when nothing is summed; 1 except in the `state` form. */
  readonly increment: Decimal;
  /** The bounds on this counter; exactly one, and inclusive, except in the `state` form. */
  readonly bounds: readonly CardBound[];
  readonly window: Window;
  readonly per: CounterPer;
  /** Paths of the arguments that split the counter. */
  readonly by: readonly string[];
  readonly onUnknown: Counting["onUnknown"];
  readonly onToolError: Counting["onToolError"];
}

export interface CardBound {
  readonly at: string;
  readonly max: Decimal;
  readonly inclusive: boolean;
}

/** Why a rule is not drawn as a card. */
export type LockReason = "nested" | "shared_counter" | "shape";

/** A rule that is shown as its text: it can be moved and removed, not altered. */
export interface LockedRule {
  readonly kind: "locked";
  readonly id: string;
  readonly at: string;
  readonly name: string;
  readonly mode: RuleMode;
  readonly reason: LockReason;
  readonly rule: Rule;
  /** The rule as canonical YAML. */
  readonly text: string;
}

/** Groups of conditions that a card draws inside one another. */
export const groupDepthMax = 2;
