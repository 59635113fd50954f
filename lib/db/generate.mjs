// Writes the Prisma client to lib/db/generated when prisma/schema.prisma or Prisma's version changed. Node built-ins only;
// no download: the client of Prisma 7 needs no engine, so the CLI's wish for one is met with an executable that exists.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const generated = path.join(root, "lib/db/generated");
const stamp = path.join(generated, ".stamp");

function fingerprint() {
  const hash = createHash("sha256");
  hash.update(readFileSync(path.join(root, "prisma/schema.prisma")));
  hash.update(readFileSync(path.join(root, "node_modules/prisma/package.json")));
  return hash.digest("hex");
}

/** Generates the client unless the one on disk is of this schema. Throws with the CLI's own text when it fails. */
export function generateClient() {
  const wanted = fingerprint();
  if (existsSync(path.join(generated, "client.ts")) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) {
    return false;
  }
  const cli = path.join(root, "node_modules/prisma/build/index.js");
  const run = spawnSync(process.execPath, [cli, "generate", "--no-hints"], {
    cwd: root,
    encoding: "utf8",
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: "1",
      CHECKPOINT_DISABLE: "1",
    },
  });
  if (run.status !== 0) throw new Error(`prisma generate failed:\n${run.stdout ?? ""}${run.stderr ?? run.error ?? ""}`);
  writeFileSync(stamp, wanted);
  return true;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) generateClient();
