import { readdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { aim, reportText, scoresOf, survivorsText } from "./mutation-report";
import { runMutation } from "./mutation-run";

// `npm run mutation`: changes the policy engine in thousands of small ways, one at a time, and looks whether its tests notice.
// `--only REGEX` picks files, `--survivors` lists what no test noticed, `--json FILE` writes everything.

const root = path.resolve(import.meta.dirname, "../..");

/** The engine: everything between a policy's text and a decision. */
const engine = {
  "lib/policy": [
    ["check", "compile", "plan", "evaluate", "split", "judge", "compare", "truth", "resolve", "time-facts", "glob"],
    ["pattern", "path", "simulate", "quick", "read-document", "read-rule", "read-limit", "read-condition"],
    ["read-approval", "read-tests", "fact-values", "duration", "shape", "check-document", "check-bounds"],
    ["check-counters", "check-tests", "check-tools", "counter-names", "facts", "run-tests", "explain", "possible"],
    ["replay", "coverage", "nearest", "operators", "parse", "problems", "yaml-scalar", "yaml-tree"],
  ].flat(),
  "lib/quota": ["window", "admit", "key", "limit-text"],
};

/** Left out: tests of what is not the engine, and tests of very many or very large policies: slow, and they say little of what broke. */
const others =
  /^(add-test|changes|edit-yaml|format|import-hosted|oracle|properties|replay-properties|round-trip|scaffold|schema|templates|text-limits|text-properties|to-model|to-yaml)\.test\.ts$/;

/** Single tests of size; without them, a mutant that survives costs a tenth of the time. */
const slow =
  /nest too deep|text of nothing but|sixty thousand|of 28 years|quick to reach|edit makes it throw|thousand thousandths/;

const files = Object.entries(engine).flatMap(([folder, names]) => names.map((name) => `${folder}/${name}.ts`));
const tests = Object.keys(engine).flatMap((folder) =>
  readdirSync(path.join(root, folder))
    .filter((name) => name.endsWith(".test.ts") && !others.test(name))
    .map((name) => `${folder}/${name}`),
);

function showProgress(): (done: number, total: number) => void {
  const started = Date.now();
  let shown = started;
  return (done, total) => {
    if (Date.now() - shown < 5000) return;
    shown = Date.now();
    const left = Math.ceil(((shown - started) / done) * ((total - done) / 1000));
    process.stderr.write(`${String(done)} of ${String(total)} mutants, about ${String(left)} s left\n`);
  };
}

const { values } = parseArgs({
  options: { only: { type: "string" }, json: { type: "string" }, survivors: { type: "boolean", default: false } },
});
const only = new RegExp(values.only ?? "");
const judged = await runMutation({
  files: files.filter((file) => only.test(file)),
  tests,
  skip: slow,
  workers: Math.max(2, os.availableParallelism()),
  progress: showProgress(),
});
if (values.json !== undefined) {
  writeFileSync(values.json, `${JSON.stringify({ ...scoresOf(judged), mutants: judged }, null, 2)}\n`);
}
if (values.survivors) process.stdout.write(survivorsText(judged));
process.stdout.write(reportText(judged));
if (scoresOf(judged).total.score < aim) process.exitCode = 1;
