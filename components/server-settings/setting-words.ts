import { deadlines } from "@/lib/gateway/deadlines";
import type { DriftMode, TimeoutName } from "@/lib/servers/settings";

/** What each time-out is called, in the order in which a call meets them. */
export const timeoutWords: Record<TimeoutName, { label: string; hint: string }> = {
  connectMs: { label: "Connect", hint: "Until the connection stands. Nothing was sent before that." },
  firstByteMs: { label: "First byte", hint: "From sending a call to the head of its answer." },
  idleMs: { label: "Silence", hint: "Between two parts of an answer. Progress begins it anew." },
  totalMs: { label: "Whole call", hint: "Progress does not extend it." },
};

export const timeoutNames = Object.keys(timeoutWords) as TimeoutName[];

/** Seconds as people write them: `5`, `0.5`. */
export function secondsText(ms: number): string {
  return String(ms / 1000);
}

/** The milliseconds of a field in seconds: null when it is empty, NaN when it is no number. */
export function parseSeconds(text: string): number | null {
  const plain = text.trim().replace(",", ".");
  if (plain === "") return null;
  return /^\d{1,6}(\.\d{1,3})?$/.test(plain) ? Math.round(Number(plain) * 1000) : NaN;
}

/** What holds for a server: its own time, or the default said as such. */
export function timeoutText(name: TimeoutName, own: number | null): string {
  return own === null ? `${secondsText(deadlines[name])} s, the default` : `${secondsText(own)} s`;
}

/** What a tool whose definition changed gets, in words. */
export const driftWords: Record<DriftMode, { label: string; note: string }> = {
  enforce: {
    label: "Quarantine",
    note: "Calls are denied, lists keep the accepted definition, until someone accepts it",
  },
  hold: { label: "Hold", note: "Each call asks for a person's approval until someone accepts it" },
  warn: { label: "Log only", note: "Calls go on; the change is noted and shown" },
  off: { label: "Off", note: "Changes are not looked at" },
};

/** One entry per line or comma, empty ones left out. */
export function parseList(text: string): string[] {
  return text
    .split(/[\n,]+/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}
