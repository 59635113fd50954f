import { errorTable } from "@/lib/kernel/errors";
import type { Verdict } from "./simulate";

/** What the text of a refused call begins with, so that an agent's model can tell it from the tool's own answer. */
export const deniedPrefix = "[POLICYLAYER POLICY DENIED] ";

/** Hidden and unknown tools get this one text, so that an agent cannot tell them apart. */
export function unknownToolText(tool: string): string {
  return `Unknown tool: ${tool}`;
}

/** Exactly what the agent gets to read; null when its call goes through. */
export function agentText(verdict: Verdict, tool: string): string | null {
  switch (verdict.kind) {
    case "allow":
      return null;
    case "hidden":
      return unknownToolText(tool);
    case "hold":
      return deniedPrefix + errorTable.approval_required.say;
    case "deny":
    case "rate_limited":
      return deniedPrefix + verdict.message;
  }
}
