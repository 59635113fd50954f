import { toText } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import { byValuesMax } from "./key";
import type { Window } from "./window";

/** What an agent reads when a limit without `on_deny` refuses; `resetsAt` is the end of the window, ISO 8601 in UTC. */
export function limitText(max: Decimal, window: Window, resetsAt: string): string {
  return `Limit of ${toText(max)} per ${window} reached; resets at ${resetsAt}`;
}

/** What an agent reads when its call would split a counter into too many; `rule` is the limit's id, a JSON Pointer by name. */
export function byValuesText(rule: string, window: Window): string {
  const name = (rule.split("/").at(-1) ?? rule).replaceAll("~1", "/").replaceAll("~0", "~");
  return `Denied by rule "${name}": more than ${byValuesMax.toLocaleString("en-US")} different values in this ${window}`;
}
