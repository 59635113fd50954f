// `npm test`: installs what it needs and runs every check and test; the last line is `N passed, N failed`.
// Node built-ins only, because it runs before anything is installed.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { seconds } from "../server/start-steps.mjs";
import { benches, steps, tools } from "./test-steps.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const usage = `Usage: npm test -- [--only ${Object.keys(steps).join(",")}]
       npm run check      format, lint, types, unit
       npm run bench      the speed figures [-- --only ${benches.join(",")}] [--seed N]
       npm run cases      the policy cases
       npm run conformance   the official MCP suite, directly and through the gateway
                          [-- --scenario NAME] [--requirements REVISION] [--client COMMAND]
       npm run mutation   how many small changes of the policy engine its tests notice
                          [-- --only REGEX] [--survivors] [--json FILE]\n`;

function readFlags(args) {
  const { values } = parseArgs({
    args,
    strict: true,
    options: {
      only: { type: "string" },
      seed: { type: "string" },
      bench: { type: "boolean", default: false },
      cases: { type: "boolean", default: false },
      conformance: { type: "boolean", default: false },
      scenario: { type: "string" },
      requirements: { type: "string" },
      client: { type: "string" },
      mutation: { type: "boolean", default: false },
      survivors: { type: "boolean", default: false },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.mutation || values.conformance) return values;
  if ([values.scenario, values.requirements, values.client].some((value) => value !== undefined))
    throw new Error("--scenario, --requirements and --client go with the conformance run.");
  if (values.survivors || values.json !== undefined)
    throw new Error("--survivors and --json go with the mutation run.");
  const known = values.bench ? benches : Object.keys(steps);
  const names = values.only === undefined ? known : values.only.split(",");
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`Unknown step: ${unknown.join(", ")}.`);
  if (values.seed !== undefined && !(values.bench && /^[0-9]+$/.test(values.seed))) {
    throw new Error("--seed takes a whole number and goes with the bench.");
  }
  return { ...values, names };
}

/** Runs one step and prints one line, and below it what failed. A step that throws counts as one failure. */
async function runStep(name, work) {
  const started = Date.now();
  const result = await work(root).catch((error) => ({ passed: 0, failed: 1, text: error.message }));
  const counts = result.isCheck ? "" : `${result.passed} passed, ${result.failed} failed`;
  const mark = result.failed > 0 ? "✗" : "✓";
  process.stdout.write(`  ${mark} ${name.padEnd(10)} ${seconds(Date.now() - started).padStart(6)}  ${counts}\n`);
  if (result.note) process.stdout.write(`    ${result.note}\n`);
  if (result.failed > 0) process.stdout.write(`${result.text.trim()}\n\n`);
  return result;
}

async function main() {
  const flags = readFlags(process.argv.slice(2));
  if (flags.help) return void process.stdout.write(usage);
  process.chdir(root);
  Object.assign(process.env, {
    NEXT_TELEMETRY_DISABLED: "1",
    POLICYLAYER_TEST_NODE: process.version,
  });
  process.stdout.write(`Node ${process.versions.node}\n`);
  const first = await runStep("install", tools.install);
  if (first.failed > 0) return finish(0, 1);
  if (flags.mutation) return void (process.exitCode = await tools.mutation(root, flags));
  if (flags.conformance) return void (process.exitCode = await tools.conformance(root, flags));
  if (flags.bench) return void (process.exitCode = await tools.bench(root, flags));
  let passed = 0;
  let failed = 0;
  for (const name of flags.cases ? ["cases"] : flags.names) {
    const result = await runStep(name, name === "cases" ? tools.cases : steps[name]);
    passed += result.passed;
    failed += result.failed;
  }
  finish(passed, failed);
}

function finish(passed, failed) {
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
}

main().catch((error) => {
  process.stderr.write(`${error.message}\n${usage}`);
  process.exitCode = 1;
});
