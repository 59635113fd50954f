import type { Decimal } from "@/lib/kernel/decimal";
import type { ValueObject } from "@/lib/kernel/value";
import type { Window } from "@/lib/quota/window";

/** A finding of the checks of `docs/policy-language.md`; errors block publishing, warnings do not. Positions are 1-based. */
export interface Problem {
  severity: "error" | "warning";
  code: string;
  /** JSON Pointer into the document. */
  path: string;
  line: number;
  column: number;
  message: string;
  hint?: string;
}

/** What a call is judged by. Everything comes in as data; the evaluator reads no clock and no store. */
export interface Facts {
  tool: string;
  args: ValueObject;
  grant: { id: string; label: string; tags: readonly string[] };
  server: { name: string };
  client: { name: string };
  /** ISO 8601, UTC. */
  now: string;
}

/** Why a limit may refuse: one rule's bound on a counter. */
export interface CounterLimit {
  rule: string;
  /** The bound: `current + amount ≤ max`, or `<` when `inclusive` is false. */
  max: Decimal;
  inclusive: boolean;
  /** The rule's `on_deny`; null means the default text of the language. */
  message: string | null;
}

/** One counter that this call moves, with every limit that refers to it, in file order. */
export interface CounterDemand {
  /** `<tool>.<counter>`, or `_global.<counter>` for counters of `"*"`. */
  counter: string;
  /** What is counted, for `counterKey`: an edit that changes it starts a new count. */
  meaning: string;
  window: Window;
  amount: Decimal;
  limits: readonly CounterLimit[];
  onUnknown: "hold" | "release";
  onToolError: "void" | "post";
}

export type DenyReason = "rule" | "absent" | "type" | "amount" | "default_deny";

/** The evaluator's answer. `allow` means: allowed if every demanded counter has room. Rules are JSON Pointers by name. */
export type Decision =
  | { kind: "allow"; counters: readonly CounterDemand[] }
  | { kind: "deny"; rule: string; reason: DenyReason; message: string }
  | { kind: "hidden"; rule: "(hidden)" };
