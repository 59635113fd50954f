import type { Decimal } from "@/lib/kernel/decimal";
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
  readonly counter: string;
  readonly window: Window;
  readonly increment: Decimal;
  readonly incrementFrom: Path | null;
  readonly onUnknown: "hold" | "release";
  readonly onToolError: "void" | "post";
}

export interface Rule {
  readonly at: string;
  readonly name: string;
  readonly description: string | null;
  readonly action: "evaluate" | "deny";
  /** The guard; null means: applies always. */
  readonly when: Condition | null;
  /** What must hold on `evaluate`; null means nothing but the bounds. */
  readonly conditions: Condition | null;
  readonly bounds: readonly CounterBound[];
  readonly counting: Counting | null;
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
