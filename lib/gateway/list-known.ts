import { findDocument, findMembers, readString, readText } from "@/lib/http/json-span";
import type { Pins } from "./list-pins";

/** A listed tool: name and definition as the upstream wrote it. */
export interface ListedTool {
  name: string;
  definition: string;
}

/** A tool that stands somewhere in a list exactly as it was accepted. */
export interface KnownTool {
  tool: ListedTool;
  /** One past its last byte. */
  end: number;
}

/** Bytes of each accepted text; 0 where it is not fit to be recognised. Kept with the catalogue, whose texts do not change. */
const lengths = new WeakMap<Pins["tools"], Map<string, number>>();

const opening = new TextEncoder().encode('{"name":"');
const nameBytesMax = 200;

/**
 * The tool whose definition begins at `at`, when all its bytes are those of the accepted text, else null: a shorter way to the very
 * element that a reader would find, since an object ends where its own bytes say so.
 */
export function findKnownTool(bytes: Uint8Array, at: number, { tools }: Pins): KnownTool | null {
  const name = readLeadingName(bytes, at);
  const definition = name === null ? undefined : tools.get(name)?.accepted;
  if (name === null || definition === undefined) return null;
  const length = lengthOf(tools, name, definition);
  const end = at + length;
  if (length === 0 || end > bytes.length || readText(bytes, { start: at, end }) !== definition) return null;
  return { tool: { name, definition }, end };
}

/** The name of a tool that begins with it, as most do, in plain characters; null for any other. */
function readLeadingName(bytes: Uint8Array, at: number): string | null {
  for (let i = 0; i < opening.length; i++) if (bytes[at + i] !== opening[i]) return null;
  const start = at + opening.length;
  let name = "";
  for (let i = start; i < start + nameBytesMax; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === 0x22) return name;
    if (byte < 0x20 || byte >= 0x80 || byte === 0x5c) return null;
    name += String.fromCharCode(byte);
  }
  return null;
}

function lengthOf(tools: Pins["tools"], name: string, accepted: string): number {
  const known = lengths.get(tools) ?? new Map<string, number>();
  lengths.set(tools, known);
  const length = known.get(name) ?? measure(name, accepted);
  known.set(name, length);
  return length;
}

/** The bytes of a text that is one object with this name, and nothing around it. */
function measure(name: string, accepted: string): number {
  const bytes = new TextEncoder().encode(accepted);
  const document = findDocument(bytes);
  const member = findMembers(bytes, { start: 0, end: bytes.length })?.find(({ key }) => key === "name");
  const isFit = document?.start === 0 && document.end === bytes.length && member && readString(bytes, member) === name;
  return isFit ? bytes.length : 0;
}
