import type { Verdict } from "@/lib/policy/simulate";

/**
 * What the agent reads; null when its call goes on. The texts are the gateway's (docs/gateway.md): a denial is a tool result with
 * this prefix, a hidden tool is answered like one that does not exist.
 */
export function agentText(verdict: Verdict, tool: string): string | null {
  switch (verdict.kind) {
    case "allow":
    case "hold":
      return null;
    case "hidden":
      return `Unknown tool: ${tool}`;
    case "deny":
    case "rate_limited":
      return `[POLICYLAYER POLICY DENIED] ${verdict.message}`;
  }
}
