import { readDefinition, readSeen } from "@/lib/servers/definition";
import type { DriftMode } from "@/lib/servers/tool-state";

/** The catalogue as a list is held against it. */
export interface Pins {
  readonly tools: ReadonlyMap<string, { readonly accepted: string }>;
  readonly drift: DriftMode;
}

/** What becomes of one listed tool. */
export type PinAction = { kind: "keep" } | { kind: "cut" } | { kind: "replace"; text: string };

const keep: PinAction = { kind: "keep" };
const cut: PinAction = { kind: "cut" };

/**
 * What becomes of a tool that an upstream lists as `definition`: kept where its digest is the accepted one, cut where nothing was
 * accepted, otherwise replaced by the accepted text, unless the drift mode lets changes pass. A definition that cannot be read or
 * breaks a bound never passes.
 */
export function pinAction(name: string, definition: string, { tools, drift }: Pins): PinAction {
  const pin = tools.get(name);
  if (pin?.accepted === definition) return keep;
  if (!pin) return drift === "off" && isSound(definition) ? keep : cut;
  if (drift === "warn" || drift === "off") {
    if (isSound(definition)) return keep;
  } else if (isSameMeaning(definition, pin.accepted)) return keep;
  return { kind: "replace", text: pin.accepted };
}

/** The digest is a hash of this text, so equal texts mean equal digests. */
function isSameMeaning(a: string, b: string): boolean {
  const left = readDefinition(a, asItIs)?.digest;
  return left !== undefined && left === readDefinition(b, asItIs)?.digest;
}

function isSound(definition: string): boolean {
  return readSeen(definition, asItIs)?.blockedBy === null;
}

function asItIs(text: string): string {
  return text;
}
