import { expect, test } from "vitest";
import { shownLines, waitingText } from "./review-words";

test("what waits is said in one phrase", () => {
  expect(waitingText({ changed: 3, new: 1 })).toBe("3 tools changed, 1 new");
  expect(waitingText({ changed: 1, new: 0 })).toBe("1 tool changed");
  expect(waitingText({ changed: 0, new: 2 })).toBe("2 new tools");
  expect(waitingText({ changed: 0, new: 0 })).toBe("");
});

test("a comparison shows changed lines with three around them, and how many it leaves out", () => {
  const lines = (count: number) => Array.from({ length: count }, (_, at) => `l${String(at)}`).join("\n");
  const shown = shownLines([
    { kind: "same", text: lines(10) },
    { kind: "removed", text: "old" },
    { kind: "added", text: "new" },
    { kind: "same", text: lines(2) },
  ]);
  expect(shown).toEqual([
    { kind: "skipped", count: 7 },
    ...["l7", "l8", "l9"].map((text) => ({ kind: "same", text })),
    { kind: "removed", text: "old" },
    { kind: "added", text: "new" },
    ...["l0", "l1"].map((text) => ({ kind: "same", text })),
  ]);
});
