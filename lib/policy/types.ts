import type { Decimal } from "@/lib/kernel/decimal";
import type { Value, ValueObject } from "@/lib/kernel/value";
import type { CounterPer } from "@/lib/quota/key";
import type { Window } from "@/lib/quota/window";
import type { ApprovalTerms } from "./document";

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

/** What is known of the tool beside its name; null or missing = not known, which leaves conditions on it in doubt. */
export interface ToolFacts {
  readonly category: string | null;
  readonly risk: string | null;
  /** Hints as the server publishes them: `readOnlyHint`, `destructiveHint`, `idempotentHint`, `openWorldHint`. */
  readonly annotations: ReadonlyMap<string, Value>;
}

/** What a call is judged by. Everything comes in as data; the evaluator reads no clock and no store. */
export interface Facts {
  tool: string;
  args: ValueObject;
  grant: { id: string; label: string; tags: readonly string[] };
  server: { name: string };
  /** Null: the client did not say. */
  client: { name: string | null };
  toolFacts: ToolFacts;
  /** The request's own metadata (`_meta`). */
  meta: ValueObject;
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
  /** True: never refuses; that it would have is noted with the decision. */
  shadow: boolean;
}

/** One counter that this call moves, with every limit that refers to it, in file order. */
export interface CounterDemand {
  /** `<tool>.<counter>`, or `_global.<counter>` for counters of `"*"`. */
  counter: string;
  /** What is counted, for `counterKey`: an edit that changes it starts a new count. */
  meaning: string;
  window: Window;
  amount: Decimal;
  per: CounterPer;
  /** Canonical texts of the values that split the counter, in the order of the rule; empty when nothing does. */
  by: readonly string[];
  limits: readonly CounterLimit[];
  onUnknown: "hold" | "release";
  onToolError: "void" | "post";
}

export type DenyReason = "rule" | "absent" | "type" | "amount" | "default_deny";

/** What a shadow rule would have done to this call. */
export interface ShadowNote {
  rule: string;
  would: "deny" | "hold" | "rate_limited";
}

/** One rule that asks for a person. */
export interface HoldDemand {
  rule: string;
  reason: "rule" | "absent" | "type";
  terms: ApprovalTerms;
  /** What the agent reads when nobody approves. */
  message: string;
}

/**
 * The evaluator's answer. `allow` means: allowed if every demanded counter has room; `hold` the same, and held for a person then.
 * Rules are JSON Pointers by name. `shadow` is null when no shadow rule spoke; limits in shadow are noted where counters are read.
 */
export type Decision =
  | { kind: "allow"; counters: readonly CounterDemand[]; shadow: readonly ShadowNote[] | null }
  | {
      kind: "hold";
      /** The first rule in file order that holds. */
      rule: string;
      reason: HoldDemand["reason"];
      holds: readonly HoldDemand[];
      counters: readonly CounterDemand[];
      shadow: readonly ShadowNote[] | null;
    }
  | { kind: "deny"; rule: string; reason: DenyReason; message: string; shadow: readonly ShadowNote[] | null }
  | { kind: "hidden"; rule: "(hidden)" };
