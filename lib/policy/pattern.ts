import { RE2JS } from "re2js";

/** Characters of a pattern, and instructions of its program: repetitions multiply a short pattern. */
const patternMax = 1000;
const programMax = 2000;

/** Characters of a text that a pattern or glob is run on; longer ones are unknown, so that one call cannot cost milliseconds. */
export const subjectMax = 65_536;

/** Why a pattern cannot be used, or null. */
export function findPatternFault(pattern: string): string | null {
  if (pattern.length > patternMax) return `A pattern has at most ${patternMax} characters`;
  try {
    return RE2JS.compile(pattern).programSize() > programMax ? "The pattern repeats too much" : null;
  } catch (error) {
    return error instanceof Error ? error.message : "The pattern is not valid";
  }
}

/** A pattern that passed `findPatternFault`, ready to run: unanchored, in linear time (RE2). */
export function compilePattern(pattern: string): RE2JS {
  return RE2JS.compile(pattern);
}
