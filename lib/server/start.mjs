// The one command: install, generate, build, start. Each part runs only when it is needed. Node built-ins only, because
// it runs before anything is installed.
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "./start-build.mjs";
import { dataFolder } from "./start-data.mjs";
import { runDev } from "./start-dev.mjs";
import { readFlags, usage } from "./start-flags.mjs";
import { checkNode, install } from "./start-install.mjs";
import { step, stopOnSignals } from "./start-steps.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

async function main() {
  const flags = readFlags(process.argv.slice(2));
  if (flags.help) {
    process.stdout.write(usage);
    return;
  }
  checkNode();
  process.chdir(root);
  setEnvironment(flags);
  const { version } = JSON.parse(readFileSync("package.json", "utf8"));
  process.stdout.write(`PolicyLayer ${version} · Node ${process.versions.node}\n`);

  const release = stopOnSignals();
  await step("install packages", (note) => install(root, note));
  await step("database client", async (note) => {
    const { generateClient } = await import("../db/generate.mjs");
    if (!generateClient()) note("up to date");
  });
  if (flags.dev) {
    await runDev(root, flags, step);
    return;
  }
  await step("build", (note) => build(root, note));
  release();
  if (flags.buildOnly) return;
  const { boot } = await import(pathToFileURL(path.join(root, "dist/server.mjs")).href);
  await boot({ root, demo: flags.demo, dev: false, reset: flags.reset, jsonFile: flags.jsonFile, step });
}

function setEnvironment(flags) {
  process.env.NODE_ENV = flags.dev ? "development" : "production";
  process.env.NEXT_TELEMETRY_DISABLED = "1";
  process.env.POLICYLAYER_DATA_DIR = dataFolder(root, flags);
  if (flags.port !== null) process.env.PORT = flags.port;
}

main().catch((error) => {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
