import "server-only";
import { chmod, mkdir } from "node:fs/promises";
import path from "node:path";

/** Makes the folder and its missing parents with exactly `mode`, whatever the umask; existing ones stay as they are. */
export async function makeFolder(folder: string, mode: number): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode });
  if (first === undefined) return;
  for (let made = path.resolve(folder); made.startsWith(first); made = path.dirname(made)) await chmod(made, mode);
}
