import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "../..");
const startMs = 240_000;

/** How a start of the product ended. */
export interface Ended {
  code: number | null;
  ms: number;
}

/** A running start script, as an operator has it in a terminal. */
export interface Product {
  pid: number;
  /** Everything that it printed, both streams. */
  output: () => string;
  /** Resolves when `text` was printed; rejects when the process ends before. */
  printed: (text: string) => Promise<void>;
  /** Sends a signal and waits for the end. */
  stop: (signal: NodeJS.Signals) => Promise<Ended>;
  ended: Promise<Ended>;
}

/** A new folder that the bundled PostgreSQL's own account can reach too. */
export function makeFolder(): { path: string; remove: () => void } {
  const folder = mkdtempSync(path.join(process.getuid?.() === 0 ? "/var/tmp" : os.tmpdir(), "policylayer-product-"));
  chmodSync(folder, 0o755);
  return { path: folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Runs the start script of this project with `flags`, builds first when the build is stale. */
export function startProduct(flags: readonly string[], settings: Record<string, string>): Product {
  const { VITEST: _vitest, ...inherited } = process.env;
  const child = spawn(process.execPath, ["lib/server/start.mjs", ...flags], {
    cwd: root,
    env: { ...inherited, ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const started = performance.now();
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => (output += part.toString()));
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code) => resolve({ code, ms: performance.now() - started }));
  });
  return {
    pid: child.pid ?? 0,
    output: () => output,
    printed: (text) =>
      until(
        child,
        () => output.includes(text),
        () => `${text}\n${output}`,
      ),
    stop: (signal) => stop(child, signal, ended),
    ended,
  };
}

async function stop(child: ChildProcess, signal: NodeJS.Signals, ended: Promise<Ended>): Promise<Ended> {
  const asked = performance.now();
  const force = setTimeout(() => child.kill("SIGKILL"), 30_000);
  child.kill(signal);
  const { code } = await ended;
  clearTimeout(force);
  return { code, ms: performance.now() - asked };
}

function until(child: ChildProcess, isTrue: () => boolean, missing: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const timer = setInterval(() => {
      const late = performance.now() - started > startMs;
      if (!isTrue() && !late && child.exitCode === null) return;
      clearInterval(timer);
      if (isTrue()) resolve();
      else reject(new Error(`never printed: ${missing()}`));
    }, 50);
  });
}

/** A port of the loopback that is free, and so is the next one, where the demo's upstream goes. */
export async function freePortPair(): Promise<number> {
  for (;;) {
    const port = await freePort(0);
    if (port < 65_535 && (await freePort(port + 1).catch(() => null)) !== null) return port;
  }
}

function freePort(wish: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(wish, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : wish));
    });
  });
}

/** What `--json` wrote. */
export interface DemoFacts {
  consoleUrl: string;
  mcpUrl: string;
  grantToken: string;
  serverId: string;
  upstreamUrl: string;
  users: { email: string; password: string; role: "admin" | "policy_manager" | "viewer" }[];
}

export function readFacts(file: string): DemoFacts {
  return JSON.parse(readFileSync(file, "utf8")) as DemoFacts;
}
