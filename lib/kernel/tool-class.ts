/** What a tool does, mildest first. `read` is low risk, `write` medium, `execute` high, the last two critical. */
export const toolCategories = ["read", "write", "execute", "destructive", "financial"] as const;
export type ToolCategory = (typeof toolCategories)[number];

/** How much harm one call can do, least first. */
export const toolRisks = ["low", "medium", "high", "critical"] as const;
export type ToolRisk = (typeof toolRisks)[number];

const risks: Readonly<Record<ToolCategory, ToolRisk>> = {
  read: "low",
  write: "medium",
  execute: "high",
  destructive: "critical",
  financial: "critical",
};

/** The risk that goes with a category. */
export function riskOf(category: ToolCategory): ToolRisk {
  return risks[category];
}

/** The greater of two risks. */
export function higherRisk(a: ToolRisk, b: ToolRisk): ToolRisk {
  return toolRisks.indexOf(a) < toolRisks.indexOf(b) ? b : a;
}
