// Installs the published gateway of the bench under its own prefix, lib/testing/bench-peer. Built-ins only.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { npmCommand } from "../server/start-install.mjs";
import { run } from "../server/start-steps.mjs";

/** Runs `npm ci` there, without scripts, unless it is installed as locked. Answers false when that cannot be done: the bench goes on without it. */
export async function installPeer(root) {
  const prefix = path.join(root, "lib/testing/bench-peer");
  const stampFile = path.join(prefix, "node_modules/.policylayer-stamp");
  const wanted = createHash("sha256")
    .update(readFileSync(path.join(prefix, "package-lock.json")))
    .digest("hex");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === wanted) return true;
  const [command, first] = npmCommand();
  const flags = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  try {
    await run(command, [...first, ...flags], { cwd: prefix, shell: command === "npm" && process.platform === "win32" });
  } catch {
    return false;
  }
  writeFileSync(stampFile, wanted);
  return true;
}
