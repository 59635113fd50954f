#!/usr/bin/env node
// The command `policylayer`: installs and bundles what is missing, then runs lib/cli. Node built-ins only, because it runs
// before anything is installed. What it says itself goes to stderr, so that output stays fit for pipes.
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { buildCli } from "../server/start-build.mjs";
import { checkNode, install } from "../server/start-install.mjs";
import { stopOnSignals } from "../server/start-steps.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

async function main() {
  checkNode();
  const release = stopOnSignals(process.stderr);
  await quietly("Installing packages, once", (note) => install(root, note));
  await quietly("Building the command", (note) => buildCli(root, note));
  release();
  const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  const { runCli } = await import(pathToFileURL(path.join(root, "dist", "cli.mjs")).href);
  process.exitCode = await runCli(process.argv.slice(2), { version, root });
}

/** Says what takes long, and nothing about what is up to date. */
async function quietly(name, work) {
  const patience = setTimeout(() => process.stderr.write(`policylayer: ${name} …\n`), 250);
  try {
    await work(() => undefined);
  } finally {
    clearTimeout(patience);
  }
}

main().catch((error) => {
  process.stderr.write(`policylayer: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
