import type { Value } from "@/lib/kernel/value";
import type { CompiledRule, LeafTest } from "./compiled";
import type { Truth } from "./truth";
import type { DenyReason } from "./types";

/** How one rule ended; `skipped`: its guard left it out. A rule in shadow ends so too, without effect. */
export type RuleOutcome = { kind: "passed" | "skipped" } | { kind: "denied" | "held"; reason: DenyReason };

/** Listens while a call is judged. The hot path has none; `explain` passes one to the very same code. */
export interface Recorder {
  openRule(rule: CompiledRule): void;
  /** The parts of a rule, before their conditions are judged. */
  part(name: "when" | "conditions"): void;
  open(kind: "all" | "any" | "not"): void;
  close(truth: Truth): void;
  /** `actual` is undefined when absent, and the list of all elements under `[*]`. */
  leaf(test: LeafTest, actual: Value | undefined, truth: Truth): void;
  closeRule(outcome: RuleOutcome): void;
}
