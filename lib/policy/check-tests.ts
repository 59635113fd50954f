import type { PlaceOf } from "./check-counters";
import { counterNames, findCounter } from "./counter-names";
import type { PolicyDocument } from "./document";
import { nearest } from "./nearest";
import { pointerToken } from "./path";
import type { ProblemList } from "./problems";

/** A test that gives a counter which does not exist would test nothing, so it is an error. */
export function checkTests(document: PolicyDocument, problems: ProblemList, placeOf: PlaceOf): void {
  const names = counterNames(document);
  for (const test of document.tests) {
    for (const written of test.given.state.keys()) {
      if (findCounter(written, names)) continue;
      const close = problems.isLong ? null : nearest(written, [...names.keys()]);
      const hint = close
        ? `Did you mean \`${close}\`?`
        : `Counters: ${[...names.keys()].slice(0, 10).join(", ") || "none"}.`;
      const place = placeOf(`${test.at}/given/state/${pointerToken(written)}`);
      problems.error("counter", place, `No rule counts \`${written}\``, hint);
    }
  }
}
