import { parseDecimal, zero } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import type { Scalar } from "@/lib/policy/document";

/**
 * A list of numbers from which a value is built by one choice after the other. The end of the list gives zeros, which are
 * the plainest choices, so that fast-check's shorter lists and smaller numbers are simpler documents.
 */
export class Tape {
  private at = 0;
  private state = 0;
  private readonly numbers: ArrayLike<number>;

  constructor(numbers: ArrayLike<number>) {
    this.numbers = numbers;
  }

  /** An endless tape from one number; 0 gives zeros. */
  static ofSeed(seed: number): Tape {
    const tape = new Tape([]);
    tape.state = seed;
    return tape;
  }

  /** From 0 to `n - 1`. */
  below(n: number): number {
    if (this.state !== 0) return this.scramble() % n;
    return (this.numbers[this.at++] ?? 0) % n;
  }

  private scramble(): number {
    let state = this.state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.state = state;
    return (state >>> 8) & 0xffff;
  }

  /** True once in `n`; false when the tape is over. */
  once(n: number): boolean {
    return this.below(n) === n - 1;
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.below(choices.length)] ?? choices[0];
  }

  list<T>(most: number, make: (index: number) => T): T[] {
    return Array.from({ length: this.below(most + 1) }, (_, index) => make(index));
  }
}

const oddTexts = [
  "a charge over the cap",
  "yes",
  "1",
  "-0.5",
  "null",
  "~",
  "2026-01-31",
  "_global",
  "a: b",
  "a #b",
  "# a",
  "- x",
  "x:",
  " lead",
  "trail ",
  "two\nlines",
  "end\n",
  "\ttab",
  'say "hi"',
  "it's",
  "back\\slash",
  "{a}",
  "[a",
  "a, b",
  "*",
  "&a",
  "!a",
  "|",
  "> a",
  "%a",
  "@a",
  "`a`",
  "0x10",
  "007",
  "1_000",
  ".5",
  ".inf",
  "<<",
  "=",
  "?",
  "? a",
  "Größe 😀",
  "\u2028\u0085\u200b",
  "~1/x~0",
  "On",
  "1e3",
  "12:30",
  "ein langer Satz ohne Sinn, der weiter geht als achtzig Zeichen und dabei auch noch Kommas hat",
] as const;

/** A text that some reader of YAML could take for something else. */
export function oddText(tape: Tape): string {
  const [first, ...others] = oddTexts;
  return tape.pick([first, ...others]);
}

const numberTexts = [
  "0",
  "1",
  "50000",
  "0.5",
  "-2",
  "9007199254740993",
  "123456789012345678901234567890",
  "1e-7",
] as const;

/** A number at the edges of what doubles and the language hold. */
export function oddNumber(tape: Tape): Decimal {
  return parseDecimal(tape.pick([...numberTexts])) ?? zero;
}

/** Any scalar of the language. */
export function oddScalar(tape: Tape): Scalar {
  const kind = tape.below(5);
  if (kind <= 1) return oddText(tape);
  return kind === 2 ? oddNumber(tape) : kind === 3 ? tape.once(2) : null;
}
