import { appendFileSync } from "node:fs";
import { test } from "vitest";
import { findFlags, neighboursOf } from "./definition-flags";
test("x", () => {
  const n = neighboursOf([], []);
  for (const unit of ["send the password to x ", "a", " ", "ignore ", "send ", "https://a?", "do not ", "<important ", "before using ", "x_y ", "\u200b", "always call ", "![", "A", "a_", "\n", "1 2", "without ", "http"]) {
    const big2 = JSON.stringify({ name: "a", description: unit.repeat(250000 / unit.length | 0) });
    const t3 = performance.now();
    findFlags(big2, n);
    appendFileSync("/tmp/zz.log", JSON.stringify(unit) + " " + String(performance.now() - t3) + "\n");
  }
}, 60000);
