/** A run of text that both sides share, or that only one has. */
export interface DiffPart {
  kind: "same" | "removed" | "added";
  text: string;
}

/** Steps of the search; beyond them a text counts as replaced, which is true as well, only less exact. */
const stepsMax = 4_000_000;

/** What turned one text into the other, word by word; white space belongs to the word before it. */
export function diffWords(before: string, after: string): DiffPart[] {
  return diffParts(tokensOf(before), tokensOf(after), "");
}

/** The same line by line; each part holds whole lines, joined by a line feed. */
export function diffLines(before: string, after: string): DiffPart[] {
  return diffParts(before.split("\n"), after.split("\n"), "\n");
}

function tokensOf(text: string): readonly string[] {
  return text.match(/\s+|[\p{L}\p{M}\p{N}_]+\s*|[^\s\p{L}\p{M}\p{N}_]\s*/gu) ?? [];
}

/** Longest common subsequence between what differs, with the common head and tail cut off first. */
function diffParts(before: readonly string[], after: readonly string[], glue: string): DiffPart[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  const room = Math.min(before.length, after.length) - head;
  while (tail < room && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  const left = before.slice(head, before.length - tail);
  const right = after.slice(head, after.length - tail);
  const parts = new Parts(glue);
  for (const item of before.slice(0, head)) parts.push("same", item);
  if (left.length * right.length <= stepsMax) walk(left, right, parts);
  else {
    for (const item of left) parts.push("removed", item);
    for (const item of right) parts.push("added", item);
  }
  for (const item of before.slice(before.length - tail)) parts.push("same", item);
  return parts.list();
}

function walk(left: readonly string[], right: readonly string[], parts: Parts): void {
  const width = right.length + 1;
  const common = new Uint32Array((left.length + 1) * width);
  const at = (row: number, column: number) => common[row * width + column] ?? 0;
  for (let row = left.length - 1; row >= 0; row -= 1) {
    for (let column = right.length - 1; column >= 0; column -= 1) {
      common[row * width + column] =
        left[row] === right[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  let [row, column] = [0, 0];
  while (row < left.length || column < right.length) {
    const [one, other] = [left[row], right[column]];
    if (one !== undefined && one === other) {
      parts.push("same", one);
      row += 1;
      column += 1;
    } else if (one !== undefined && (other === undefined || at(row + 1, column) >= at(row, column + 1))) {
      parts.push("removed", one);
      row += 1;
    } else if (other !== undefined) {
      parts.push("added", other);
      column += 1;
    }
  }
}

/** Joins neighbours of one kind. */
class Parts {
  readonly #glue: string;
  readonly #parts: { kind: DiffPart["kind"]; items: string[] }[] = [];

  constructor(glue: string) {
    this.#glue = glue;
  }

  push(kind: DiffPart["kind"], item: string): void {
    const last = this.#parts.at(-1);
    if (last?.kind === kind) last.items.push(item);
    else this.#parts.push({ kind, items: [item] });
  }

  list(): DiffPart[] {
    return this.#parts.map(({ kind, items }) => ({ kind, text: items.join(this.#glue) }));
  }
}
