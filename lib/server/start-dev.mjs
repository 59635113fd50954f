// `npm run dev`: the server bundle is watched and the child that runs it restarts when it changed; pages reload through Next.
// Node built-ins only, esbuild comes with the install.
import { spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { bundleOptions } from "./start-build.mjs";

const runner = path.join(path.dirname(fileURLToPath(import.meta.url)), "start-dev-run.mjs");

/** Runs until a signal ends it; the child gets the same signal and is waited for. */
export async function runDev(root, flags) {
  const { context } = await import("esbuild");
  let child = null;
  let stopping = false;
  const spawnChild = (first) => {
    const wishes = { root, demo: flags.demo, dev: true, reset: first && flags.reset, jsonFile: flags.jsonFile };
    const started = spawn(process.execPath, ["--enable-source-maps", runner, JSON.stringify(wishes)], {
      cwd: root,
      stdio: "inherit",
      detached: process.platform !== "win32",
    });
    started.once("exit", (code) => {
      if (child === started) child = null;
      if (stopping || (first && code !== 0)) process.exit(code ?? 1);
    });
    child = started;
  };
  const restart = {
    name: "restart",
    setup(build) {
      let first = true;
      build.onEnd((result) => {
        for (const error of result.errors) process.stderr.write(`${error.location?.file ?? ""}: ${error.text}\n`);
        if (stopping || result.errors.length > 0) return;
        const isFirst = first;
        first = false;
        if (!child) return spawnChild(isFirst);
        process.stdout.write("\nThe server changed: restarting.\n");
        child.once("exit", () => spawnChild(false));
        child.kill("SIGTERM");
      });
    },
  };
  process.removeAllListeners("SIGINT");
  process.removeAllListeners("SIGTERM");
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      stopping = true;
      if (child) child.kill(signal);
      else process.exit(0);
    });
  }
  const watcher = await context({ ...bundleOptions(root), outdir: "dist/dev", plugins: [restart] });
  await watcher.watch();
}
