import {
  higherRisk,
  riskOf,
  toolCategories,
  toolRisks,
  type ToolCategory,
  type ToolRisk,
} from "@/lib/kernel/tool-class";
import type { ToolClass } from "./classify";

/** What people decided about a tool, as stored; null, and words that this version does not know, decide nothing. */
export interface ToolOverrides {
  readonly categoryOverride: string | null;
  readonly riskOverride: string | null;
}

/** A class after overrides, and which parts of it people decided. */
export interface EffectiveClass {
  category: ToolCategory;
  risk: ToolRisk;
  overridden: { category: boolean; risk: boolean };
}

/**
 * Puts overrides on top of what a definition says. Another category never lowers the risk: it raises it to its own, and only
 * an override of the risk itself goes below that.
 */
export function withOverrides(computed: ToolClass, overrides: ToolOverrides): EffectiveClass {
  const category = toolCategories.find((known) => known === overrides.categoryOverride);
  const risk = toolRisks.find((known) => known === overrides.riskOverride);
  return {
    category: category ?? computed.category,
    risk: risk ?? higherRisk(computed.risk, category ? riskOf(category) : "low"),
    overridden: { category: category !== undefined, risk: risk !== undefined },
  };
}
