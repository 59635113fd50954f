import type { Decimal } from "@/lib/kernel/decimal";
import type { CounterPer } from "@/lib/quota/key";
import type { Window } from "@/lib/quota/window";
import type { RE2JS } from "re2js";
import type { ApprovalTerms, RuleAction, RuleId, Scalar } from "./document";
import type { Operator } from "./operators";
import type { Path } from "./path";
import type { CounterDemand, CounterLimit, Decision } from "./types";

/** Members of an `in` list, prepared so that a thousand of them cost what one costs. */
export interface ScalarSet {
  readonly texts: ReadonlySet<string>;
  /** Whole numbers that a double holds exactly; all others by their text. */
  readonly ints: ReadonlySet<number>;
  readonly decimals: ReadonlySet<string>;
  /** `true`, `false`, null. */
  readonly words: ReadonlySet<boolean | null>;
  /** The one type of all members, null aside: only values of that type are known to be outside. `none`: the list holds null alone. */
  readonly only: "text" | "number" | "boolean" | "none" | "mixed";
}

/** One comparison, ready to run. */
export interface LeafTest {
  readonly kind: "leaf";
  readonly path: Path;
  /** Whether the path holds `[*]`. */
  readonly each: boolean;
  readonly op: Operator;
  readonly value: Scalar | readonly Scalar[];
  readonly members: ScalarSet | null;
  readonly pattern: RE2JS | null;
  readonly skipAbsent: boolean;
}

export type Test =
  | LeafTest
  | { readonly kind: "all" | "any"; readonly items: readonly Test[] }
  | { readonly kind: "not"; readonly item: Test };

export interface CompiledRule {
  readonly id: RuleId;
  readonly name: string;
  readonly action: RuleAction;
  /** True: judged and noted, never enforced. */
  readonly shadow: boolean;
  readonly when: Test | null;
  readonly conditions: Test | null;
  /** The argument that the rule's counter sums. */
  readonly amountFrom: Path | null;
  /** Arguments that split the counters which the rule moves or bounds; a call without them is denied. */
  readonly splits: readonly Path[];
  /** Who decides about a held call; null when the rule does not hold. */
  readonly terms: ApprovalTerms | null;
  readonly message: string;
  readonly amountMessage: string;
  readonly splitMessage: string;
}

/** What moves a counter in one tool's calls. */
export interface CounterSource {
  readonly when: Test | null;
  readonly fixed: Decimal;
  readonly from: Path | null;
  /** True when only a shadow rule counts: it must not deny, so what cannot be counted is left out. */
  readonly shadow: boolean;
}

/** What is known of a counter wherever it is read. */
export interface CounterFacts {
  readonly counter: string;
  readonly meaning: string;
  readonly window: Window;
  readonly per: CounterPer;
  readonly by: readonly Path[];
}

/** A counter as the rule that moves it describes it. */
export interface CountedCounter extends CounterFacts {
  readonly onUnknown: "hold" | "release";
  readonly onToolError: "void" | "post";
  /** Null when this tool's rules only read the counter. */
  readonly source: CounterSource | null;
}

/** One counter as one tool's calls meet it. */
export interface PlanCounter extends CountedCounter {
  readonly limits: readonly { readonly when: Test | null; readonly limit: CounterLimit }[];
  /** All limits as the ledger wants them, when none of them is guarded. */
  readonly open: readonly CounterLimit[] | null;
  /** The demand itself when it is the same for every call. */
  readonly steady: CounterDemand | null;
}

/** What all simple requirements of a plan ask of one argument together: one look settles them when it is met. */
export interface QuickPath {
  readonly key: string;
  /** A key inside that argument, or null. */
  readonly below: string | null;
  /** Whether a whole number from `least` to `most` is asked for. */
  readonly bounded: boolean;
  readonly least: number;
  readonly most: number;
  /** The texts that it may be. */
  readonly texts: ReadonlySet<string> | null;
  readonly prefix: string | null;
}

/** Everything that governs one tool name: rules of all blocks that match it, in file order. */
export interface Plan {
  /** Whether a block other than `"*"` names the tool. */
  readonly listed: boolean;
  readonly rules: readonly CompiledRule[];
  /** Requirements that are met whenever `passesQuickly` says so; the rules behind them are all but `rest`. */
  readonly quick: readonly QuickPath[];
  readonly rest: readonly CompiledRule[];
  /** Rules in shadow, apart from those that are enforced. */
  readonly shadows: readonly CompiledRule[];
  readonly counters: readonly PlanCounter[];
  /** The answer to an allowed call when its counters are all steady. */
  readonly steady: Decision | null;
}

/** The rules of one block with what they count and bound, before they are joined with other blocks of the same tool. */
export interface Block {
  readonly name: string;
  readonly order: number;
  readonly rules: readonly BlockRule[];
}

export interface BlockRule {
  readonly rule: CompiledRule;
  readonly counts: CountedCounter | null;
  readonly bounds: readonly { readonly counter: string; readonly limit: CounterLimit }[];
}

export interface NameSet {
  readonly all: boolean;
  readonly names: ReadonlySet<string>;
  readonly globs: readonly string[];
}

/** A policy ready to judge calls: frozen data, indexed by tool, the same hash for the same meaning. */
export interface CompiledPolicy {
  readonly hash: string;
  readonly defaultAllow: boolean;
  readonly hidden: NameSet;
  readonly plans: ReadonlyMap<string, Plan>;
  /** Blocks that are globs, and `"*"`; they also govern tools that have no plan of their own. */
  readonly globs: readonly Block[];
  readonly everywhere: readonly Block[];
  /** Plans of names that only globs match, joined when first met: what they say is data of the policy, so keeping them changes nothing. */
  readonly met: Map<string, Plan>;
  /** For tools that only `"*"` speaks about. */
  readonly unlisted: Plan;
  readonly counters: ReadonlyMap<string, CounterFacts>;
  readonly methods: readonly { readonly pattern: string; readonly action: "allow" | "deny" }[];
}
