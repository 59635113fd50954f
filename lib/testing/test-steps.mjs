// The steps of `npm test`. Each takes the project's folder and resolves to {passed, failed, text}; a check counts as one.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { generateClient } from "../db/generate.mjs";
import { build } from "../server/start-build.mjs";
import { checkNode, install } from "../server/start-install.mjs";
import { scanBundle } from "./bundle-scan.mjs";
import { prepareChromium } from "./chromium.mjs";
import { installPeer } from "./bench-peer-install.mjs";
import { installConformance } from "./conformance-install.mjs";
import { runLimited } from "./test-process.mjs";
import { readPlaywright, readVitest } from "./test-reports.mjs";

const minutes = 60_000;
const bin = (root, file) => [process.execPath, path.join(root, "node_modules", file)];
const ignoreNote = () => undefined;

/** A command that must end with 0: one check. */
async function check(root, commands) {
  for (const [file, ...args] of commands) {
    const ran = await runLimited([...bin(root, file), ...args], { cwd: root, limitMs: 5 * minutes });
    if (ran.code !== 0) return { passed: 0, failed: 1, isCheck: true, text: ran.text };
  }
  return { passed: 1, failed: 0, isCheck: true, text: "" };
}

/** A test run that writes a JSON report; a run that fails without a failed test in its report counts as one failure more. */
async function testRun(root, command, options) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "policylayer-report-"));
  const file = path.join(folder, "report.json");
  try {
    const ran = await runLimited(command(file), { cwd: root, limitMs: 12 * minutes, env: options.env?.(file) });
    const report = existsSync(file)
      ? options.read(JSON.parse(readFileSync(file, "utf8")))
      : { passed: 0, failed: 0, text: "The run left no report." };
    const failed = report.failed === 0 && (ran.code !== 0 || report.passed === 0) ? 1 : report.failed;
    return { passed: report.passed, failed, text: failed > 0 ? `${ran.text}\n${report.text}` : "" };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function vitest(root, project, filters = []) {
  const flags = ["--project", project, "--reporter=default", "--reporter=json", "--no-color"];
  const command = (file) => [
    ...bin(root, "vitest/vitest.mjs"),
    "run",
    ...flags,
    `--outputFile.json=${file}`,
    ...filters,
  ];
  return testRun(root, command, { read: readVitest, env: () => ({ NODE_ENV: "test" }) });
}

async function e2e(root) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "policylayer-e2e-"));
  try {
    const chromium = await prepareChromium(folder);
    const command = () => [
      ...bin(root, "@playwright/test/cli.js"),
      "test",
      "-c",
      "e2e/playwright.config.ts",
      "--reporter=list,json",
    ];
    const env = (file) => ({ ...chromium.env, TMPDIR: folder, PLAYWRIGHT_JSON_OUTPUT_NAME: file });
    const result = await testRun(root, command, { read: readPlaywright, env });
    return { ...result, note: `Chromium: ${chromium.which}` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function suiteCommand(root, flags) {
  return [...bin(root, "tsx/dist/cli.mjs"), "--conditions=react-server", "lib/testing/conformance.ts", ...flags];
}

/** The official conformance suite; a scenario of a run counts as one test. */
async function conformance(root) {
  await installConformance(root);
  return testRun(root, (file) => suiteCommand(root, ["--json", file]), { read: (report) => report });
}

/** In the order in which `npm test` runs them; names for `--only`. */
export const steps = {
  format: (root) => check(root, [["prettier/bin/prettier.cjs", "--check", "--log-level", "warn", "."]]),
  lint: (root) => check(root, [["eslint/bin/eslint.js", ".", "--max-warnings", "0"]]),
  types: (root) =>
    check(root, [
      ["next/dist/bin/next", "typegen"],
      ["typescript/bin/tsc", "--noEmit", "-p", "tsconfig.json"],
      ["typescript/bin/tsc", "--noEmit", "-p", "lib/tsconfig.pure.json"],
    ]),
  unit: (root) => vitest(root, "unit"),
  db: (root) => vitest(root, "db"),
  conformance,
  build: async (root) => {
    await build(root, ignoreNote);
    return { passed: 1, failed: 0, isCheck: true, text: "" };
  },
  bundle: async (root) => {
    const hits = scanBundle(path.join(root, ".next/static"));
    return { passed: hits.length > 0 ? 0 : 1, failed: hits.length > 0 ? 1 : 0, isCheck: true, text: hits.join("\n") };
  },
  product: (root) => vitest(root, "product"),
  e2e,
};

/** The parts of `npm run bench`, names for its `--only`. */
export const benches = ["policy", "ledger", "gateway", "scenes"];

/** What runs beside the steps. */
export const tools = {
  install: async (root) => {
    checkNode();
    await install(root, ignoreNote);
    generateClient();
    return { passed: 0, failed: 0, isCheck: true, text: "" };
  },
  cases: (root) => vitest(root, "unit", ["lib/policy/cases.test.ts"]),
  bench: async (root, { names, seed }) => {
    if (names.includes("gateway") && !(await installPeer(root))) {
      process.stdout.write("The published gateway could not be installed: the bench goes on without it.\n");
    }
    const script = ["--conditions=react-server", "lib/testing/bench.ts", "--only", names.join(",")];
    const command = [...bin(root, "tsx/dist/cli.mjs"), ...script, ...(seed === undefined ? [] : ["--seed", seed])];
    const ran = await runLimited(command, { cwd: root, limitMs: 25 * minutes, inherit: true });
    return ran.code;
  },
  conformance: async (root, { scenario, requirements, client }) => {
    await installConformance(root);
    const given = Object.entries({ scenario, requirements, client }).filter(([, value]) => value !== undefined);
    const command = suiteCommand(
      root,
      given.flatMap(([name, value]) => [`--${name}`, value]),
    );
    const ran = await runLimited(command, { cwd: root, limitMs: 12 * minutes, inherit: true });
    return ran.code;
  },
  mutation: async (root, { only, survivors, json }) => {
    const flags = [
      ...(only === undefined ? [] : ["--only", only]),
      ...(survivors ? ["--survivors"] : []),
      ...(json === undefined ? [] : ["--json", json]),
    ];
    const command = [...bin(root, "tsx/dist/cli.mjs"), "lib/testing/mutation.ts", ...flags];
    const ran = await runLimited(command, { cwd: root, limitMs: 60 * minutes, inherit: true });
    return ran.code;
  },
};
