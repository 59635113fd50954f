/**
 * How a tool's definition stands to what people accepted. `accepted`: the upstream lists what was accepted. `changed`: it lists
 * something else. `new`: nothing was ever accepted. `gone`: the upstream no longer lists it.
 */
export type ToolState = "accepted" | "changed" | "new" | "gone";

/** What a server does with tools whose definition is not the accepted one. */
export type DriftMode = "enforce" | "hold" | "warn" | "off";

/** What is stored of a tool's definition. */
export interface PinnedTool {
  readonly digest: string;
  readonly acceptedDigest: string | null;
  /** The bound that the definition last seen breaks; such a definition never counts as accepted. */
  readonly blockedBy: string | null;
  readonly isGone: boolean;
}

/** The state of a stored tool. */
export function toolState({ digest, acceptedDigest, blockedBy, isGone }: PinnedTool): ToolState {
  if (isGone) return "gone";
  if (acceptedDigest === null) return "new";
  return blockedBy === null && digest === acceptedDigest ? "accepted" : "changed";
}

/** What a call of a tool gets because of its definition: `pass` = nothing, `note` = it goes on and the record says so. */
export type DriftEffect = "pass" | "note" | "hold" | "deny";

/**
 * What a drift mode makes of a tool. A definition that breaks a bound is denied in every mode, since nobody could review it.
 */
export function driftEffect(mode: DriftMode, tool: { state: "accepted" | "changed"; isBlocked: boolean }): DriftEffect {
  if (tool.state === "accepted") return "pass";
  if (tool.isBlocked || mode === "enforce") return "deny";
  if (mode === "hold") return "hold";
  return mode === "warn" ? "note" : "pass";
}
