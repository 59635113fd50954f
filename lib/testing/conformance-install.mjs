// Installs the conformance suite under its own prefix, lib/testing/conformance, when it is not what its lockfile names. Built-ins only.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { npmCommand } from "../server/start-install.mjs";
import { run } from "../server/start-steps.mjs";

/**
 * Runs `npm ci` in the suite's folder unless it is installed as locked; a stamp inside its node_modules remembers it. The folder is
 * apart because the package `node` would put its Node 22 in front of every npm script of the project.
 */
export async function installConformance(root) {
  const prefix = path.join(root, "lib/testing/conformance");
  const modules = path.join(prefix, "node_modules");
  const stampFile = path.join(modules, ".policylayer-stamp");
  const node = path.join(modules, "node/bin", process.platform === "win32" ? "node.exe" : "node");
  const wanted = createHash("sha256")
    .update(readFileSync(path.join(prefix, "package-lock.json")))
    .update(`${process.platform} ${process.arch}`)
    .digest("hex");
  if (existsSync(node) && existsSync(stampFile) && readFileSync(stampFile, "utf8") === wanted) return;
  const [command, first] = npmCommand();
  await run(command, [...first, "ci", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"], {
    cwd: prefix,
    shell: command === "npm" && process.platform === "win32",
  });
  if (!existsSync(node))
    throw new Error("The npm package `node` left no Node: its install script must be allowed to run.");
  writeFileSync(stampFile, wanted);
}
