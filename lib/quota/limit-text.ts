import { toText } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import type { Window } from "./window";

/** What an agent reads when a limit without `on_deny` refuses; `resetsAt` is the end of the window, ISO 8601 in UTC. */
export function limitText(max: Decimal, window: Window, resetsAt: string): string {
  return `Limit of ${toText(max)} per ${window} reached; resets at ${resetsAt}`;
}
