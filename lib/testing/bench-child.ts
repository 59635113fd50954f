import { spawn, type ChildProcess } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Part } from "./bench-part";

/** One process of the bench, and the line of facts that it printed when it was ready. */
export interface Child {
  process: ChildProcess;
  facts: Record<string, string | number>;
}

/** Starts a part as a process of its own and waits until it is ready; a part that measures is then already done. */
export async function startPart(part: Part): Promise<Child> {
  const script = path.join(import.meta.dirname, "bench-part.ts");
  const child = spawn(
    process.execPath,
    ["--conditions=react-server", "--import", "tsx", script, JSON.stringify(part)],
    { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, NODE_ENV: "production" } },
  );
  for await (const line of createInterface({ input: child.stdout })) {
    return { process: child, facts: JSON.parse(line) as Child["facts"] };
  }
  throw new Error(`The bench's ${part.kind} ended before it was ready.`);
}

/** Ends a process that this bench started. */
export async function stopPart({ process: child }: Pick<Child, "process">): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await gone;
}
