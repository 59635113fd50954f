import type { Decimal } from "@/lib/kernel/decimal";
import type { CounterPer } from "@/lib/quota/key";
import type { Value, ValueObject } from "@/lib/kernel/value";
import type { Window } from "@/lib/quota/window";
import type { Operator } from "./operators";
import type { Path } from "./path";

export type Scalar = null | boolean | string | Decimal;

/** One comparison. `at` is the JSON Pointer of its place in the text, for problems. */
export interface Leaf {
  readonly kind: "leaf";
  readonly at: string;
  readonly path: Path;
  readonly op: Operator;
  /** A list for `in` and `not_in`, otherwise a scalar. */
  readonly value: Scalar | readonly Scalar[];
  /** `skip` turns an absent argument into false instead of unknown. */
  readonly ifAbsent: "restrict" | "skip";
}

export type Condition =
  | Leaf
  | { readonly kind: "all" | "any"; readonly items: readonly Condition[] }
  | { readonly kind: "not"; readonly item: Condition };

/** `state.<tool>.<counter> lte <max>`: a bound on a counter that some rule moves. */
export interface CounterBound {
  readonly at: string;
  readonly tool: string;
  readonly counter: string;
  readonly max: Decimal;
  readonly inclusive: boolean;
}

/** What a rule counts: a fixed amount per call, or the value of an argument. */
export interface Counting {
  readonly at: string;
  /** Which of the three spellings the rule uses. */
  readonly form: "rate_limit" | "limit" | "state";
  readonly counter: string;
  readonly window: Window;
  readonly increment: Decimal;
  readonly incrementFrom: Path | null;
  /** Whose calls share the counter. */
  readonly per: CounterPer;
  /** Arguments whose values split the counter; empty when it is one. */
  readonly by: readonly Path[];
  readonly onUnknown: "hold" | "release";
  readonly onToolError: "void" | "post";
}

/** How long a held call waits, who may decide it and how many of them must agree. */
export interface ApprovalTerms {
  readonly timeoutMs: number;
  /** Roles, or ids of people. */
  readonly approvers: readonly string[];
  readonly quorum: number;
  readonly reasonRequired: boolean;
}

/** What a rule, or the document for all its rules, says of approvals; null = not said there. */
export type ApprovalWords = { readonly [K in keyof ApprovalTerms]: ApprovalTerms[K] | null };

export const ruleActions = ["evaluate", "deny", "require_approval"] as const;
export type RuleAction = (typeof ruleActions)[number];

export const ruleModes = ["enforce", "shadow", "off"] as const;
/** `shadow`: judged and logged, never enforced. `off`: as if it were not there, but checked. */
export type RuleMode = (typeof ruleModes)[number];

export interface Rule {
  readonly at: string;
  readonly name: string;
  readonly description: string | null;
  readonly action: RuleAction;
  readonly mode: RuleMode;
  /** The guard; null means: applies always. `conditions` of a `require_approval` rule stand here. */
  readonly when: Condition | null;
  /** What must hold on `evaluate`; null means nothing but the bounds. */
  readonly conditions: Condition | null;
  readonly bounds: readonly CounterBound[];
  readonly counting: Counting | null;
  readonly approval: ApprovalWords | null;
  readonly onDeny: string | null;
}

/** The rules of one key under `tools`: an exact name, a glob, or `"*"`. */
export interface ToolBlock {
  readonly at: string;
  readonly name: string;
  readonly rules: readonly Rule[];
}

/** One line of `methods`: what happens to non-tool methods of a name or glob. */
export interface MethodLine {
  readonly pattern: string;
  readonly action: "allow" | "deny";
}

export const expectWords = ["allow", "deny", "hold", "rate_limited", "hidden"] as const;
export type ExpectWord = (typeof expectWords)[number];

/** One entry of `tests`: a call, what is given beside it, and the answer that is expected. Null = not given. */
export interface PolicyTest {
  readonly at: string;
  readonly name: string;
  readonly call: { readonly tool: string; readonly args: ValueObject };
  readonly given: TestGiven;
  readonly expect: ExpectWord;
  /** Name of the rule that must be reported, a rule id, or a word such as `(default deny)`. */
  readonly rule: string | null;
}

export interface TestGiven {
  /** What is already counted, by counter: `create_charge.daily_spend`, with `by` values in brackets behind it. */
  readonly state: ReadonlyMap<string, Decimal>;
  readonly grant: {
    readonly id: string | null;
    readonly label: string | null;
    readonly tags: readonly string[] | null;
  };
  readonly server: string | null;
  readonly client: string | null;
  readonly category: string | null;
  readonly risk: string | null;
  readonly annotations: ReadonlyMap<string, Value>;
  readonly meta: ValueObject;
  /** ISO 8601, UTC. */
  readonly now: string | null;
}

/** A policy as data, in file order. Numbers are exact; nothing is resolved or compiled yet. */
export interface PolicyDocument {
  readonly version: "1";
  readonly description: string | null;
  readonly default: "deny" | "allow";
  /** Whether `default` was written; a `"*"` block without it gets a warning. */
  readonly defaultGiven: boolean;
  readonly hide: readonly { readonly at: string; readonly pattern: string }[];
  readonly tools: readonly ToolBlock[];
  readonly methods: readonly MethodLine[];
  readonly approvals: ApprovalWords | null;
  readonly tests: readonly PolicyTest[];
}

/** A position in the text, 1-based. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Where things of a document stand in its text; a pointer without a place of its own gives its parent's. */
export interface PolicySource {
  readonly text: string;
  positionOf(pointer: string): Position;
}

/** The pointer of a rule in decisions and logs: by name, not by number, so that it survives a reordering. */
export type RuleId = string;
