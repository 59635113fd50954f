import type { ShadowNote } from "@/lib/audit/decision-record";
import { cutMark, toLogText } from "@/lib/audit/log-text";

/** Longest rule id in a record; what is longer is cut and marked. */
export const ruleLengthMax = 500;
const notesMax = 32;

/** Notes fit for a record: at most 32, of which the last bears the mark in its rule's place when there were more. Null for none. */
export function toStorableNotes(notes: readonly ShadowNote[]): ShadowNote[] | null {
  if (notes.length === 0) return null;
  return notes.slice(0, notesMax).map(({ rule, would }, index) => {
    const isCut = index === notesMax - 1 && notes.length > notesMax;
    return { rule: isCut ? cutMark : toLogText(rule, ruleLengthMax), would };
  });
}
