import { spawn } from "node:child_process";
import path from "node:path";

const program = path.resolve(import.meta.dirname, "../cli/policylayer.mjs");

/** How a run of the command line ended. */
export interface Ran {
  exit: number | null;
  out: string;
  err: string;
}

interface Options {
  cwd: string;
  env?: Readonly<Record<string, string>>;
  /** What stdin holds. */
  input?: string;
}

/** Runs the real `policylayer` as a process of its own, as a shell would; without a terminal and without settings of ours. */
export function runCommand(args: readonly string[], { cwd, env = {}, input = "" }: Options): Promise<Ran> {
  const { VITEST: _vitest, POLICYLAYER_URL: _url, POLICYLAYER_TOKEN: _token, ...inherited } = process.env;
  const child = spawn(process.execPath, [program, ...args], { cwd, env: { ...inherited, ...env } });
  let [out, err] = ["", ""];
  child.stdout.on("data", (part: Buffer) => (out += part.toString()));
  child.stderr.on("data", (part: Buffer) => (err += part.toString()));
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exit) => resolve({ exit, out, err }));
  });
}
