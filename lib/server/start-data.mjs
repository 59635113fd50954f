// Which data folder this start uses. Node built-ins only.
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import path from "node:path";

/**
 * The data folder: POLICYLAYER_DATA_DIR when set, otherwise one per way of starting, so that demo data never meets real data.
 * PostgreSQL refuses to run as root and is run as another user, who cannot pass a closed home folder: then the data lives
 * under /var/lib/policylayer, in a folder named after this project's path.
 */
export function dataFolder(root, flags, env = process.env) {
  if (env.POLICYLAYER_DATA_DIR) return path.resolve(env.POLICYLAYER_DATA_DIR);
  const use = flags.dev ? "dev" : flags.demo ? "demo" : "main";
  if (process.getuid?.() !== 0 || isOpenPath(root)) return path.join(root, ".data", use);
  const id = createHash("sha256").update(root).digest("hex").slice(0, 8);
  return path.join("/var/lib/policylayer", `${path.basename(root)}-${id}`, use);
}

/** True when every folder down to `folder` lets other users pass. */
function isOpenPath(folder) {
  for (let at = folder; ; at = path.dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}
