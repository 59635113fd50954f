// The bundler lock, looked at from the outside: no text of the server may stand in what browsers load.
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";

/** Words that only server code holds. */
const sentinels = ["PrismaClient", "createCipheriv", "VAULT_KEYS"];

/** One line per file below `folder` that holds a sentinel. Throws when there is nothing to look at. */
export function scanBundle(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  if (!files.some((entry) => entry.name.endsWith(".js")))
    throw new Error(`${folder} holds no scripts: nothing was scanned.`);
  return files.flatMap((entry) => {
    const file = path.join(entry.parentPath, entry.name);
    const text = readFileSync(file, "latin1");
    return sentinels.filter((word) => text.includes(word)).map((word) => `${file} holds ${word}`);
  });
}
