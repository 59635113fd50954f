import type { Position } from "./document";
import type { Problem } from "./types";

/** A place that a problem points at: its JSON Pointer and its offset in the text. */
export interface Place {
  readonly pointer: string;
  readonly offset: number;
}

/** Problems after which nearest names are no longer looked for, where a text may hold thousands of names. */
const suggestionsMax = 20;

/** Gathers problems while a text is read; nothing stops at the first one. */
export class ProblemList {
  private readonly found: Problem[] = [];
  private readonly positionOf: (offset: number) => Position;

  constructor(positionOf: (offset: number) => Position) {
    this.positionOf = positionOf;
  }

  error(code: string, place: Place, message: string, hint?: string): void {
    this.add("error", code, place, message, hint);
  }

  warning(code: string, place: Place, message: string, hint?: string): void {
    this.add("warning", code, place, message, hint);
  }

  get hasErrors(): boolean {
    return this.found.some((problem) => problem.severity === "error");
  }

  /** Whether so much is wrong that looking for what was meant would only cost time. */
  get isLong(): boolean {
    return this.found.length >= suggestionsMax;
  }

  /** In the order of the text; at one position errors come before warnings. */
  sorted(): Problem[] {
    return [...this.found].sort(
      (a, b) =>
        a.line - b.line ||
        a.column - b.column ||
        a.severity.localeCompare(b.severity, "en") ||
        (a.code < b.code ? -1 : a.code > b.code ? 1 : 0),
    );
  }

  private add(severity: Problem["severity"], code: string, place: Place, message: string, hint?: string): void {
    const at = this.positionOf(place.offset);
    this.found.push({ severity, code, path: place.pointer, ...at, message, ...(hint === undefined ? {} : { hint }) });
  }
}
