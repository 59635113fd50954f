// Installs what package-lock.json names, when it is not installed yet. Node built-ins only.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { run } from "./start-steps.mjs";

const nodeLeast = [20, 19];

/** Throws with a text for people when this Node is too old. */
export function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < nodeLeast[0] || (major === nodeLeast[0] && minor < nodeLeast[1])) {
    throw new Error(`PolicyLayer needs Node ${nodeLeast.join(".")} or newer; this is ${process.versions.node}.`);
  }
}

/** Runs `npm ci` unless node_modules is what the lockfile says; a stamp inside node_modules remembers it. */
export async function install(root, note) {
  const lockFile = path.join(root, "package-lock.json");
  const stampFile = path.join(root, "node_modules", ".policylayer-stamp");
  const wanted = createHash("sha256")
    .update(readFileSync(lockFile))
    .update(`${process.platform} ${process.arch} ${process.versions.modules}`)
    .digest("hex");
  if (isInstalled(root, lockFile, stampFile, wanted)) {
    note("up to date");
    return false;
  }
  const [command, first] = npmCommand();
  await run(command, [...first, "ci", "--include=dev", "--no-audit", "--no-fund", "--prefer-offline"], {
    cwd: root,
    shell: command === "npm" && process.platform === "win32",
  });
  writeFileSync(stampFile, wanted);
  return true;
}

/** Without a stamp, an install by hand that is younger than the lockfile is good enough; npm writes this file last. */
function isInstalled(root, lockFile, stampFile, wanted) {
  if (existsSync(stampFile)) return readFileSync(stampFile, "utf8") === wanted;
  const installed = path.join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lockFile).mtimeMs) return false;
  writeFileSync(stampFile, wanted);
  return true;
}

/** The npm that started us, or the one on the path: command and first arguments. */
export function npmCommand() {
  const cli = process.env.npm_execpath;
  return cli && /npm-cli\.[cm]?js$/.test(cli) ? [process.execPath, [cli]] : ["npm", []];
}
