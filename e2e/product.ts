import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";

export interface DemoUser {
  email: string;
  password: string;
  role: "admin" | "policy_manager" | "viewer";
}

/** What `--json` writes. */
export interface Demo {
  consoleUrl: string;
  mcpUrl: string;
  grantToken: string;
  serverId: string;
  upstreamUrl: string;
  users: DemoUser[];
}

export interface Product {
  url: string;
  /** Null when it was started without demo data. */
  demo: Demo | null;
  /** Everything that it has printed. */
  output: () => string;
  stop: () => Promise<void>;
}

const root = path.resolve(import.meta.dirname, "..");
const startMs = 300_000;
const stopMs = 20_000;

/** A folder that the database's own user can reach as well, when the tests run as root. */
function makeDataFolder(): string {
  const folder = mkdtempSync(path.join(existsSync("/var/tmp") ? "/var/tmp" : os.tmpdir(), "policylayer-e2e-"));
  chmodSync(folder, 0o755);
  return folder;
}

/** The first of two neighbouring free ports: the demo server listens beside the console. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 20_000);
    if ((await isFree(port)) && (await isFree(port + 1))) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => {
      resolve(false);
    });
    probe.listen(port, "127.0.0.1", () => {
      probe.close(() => {
        resolve(true);
      });
    });
  });
}

/** Starts the built product (building it first when sources changed) on a free port with an empty data folder. */
export async function startProduct({ demo }: { demo: boolean }): Promise<Product> {
  const folder = makeDataFolder();
  const facts = path.join(folder, "demo.json");
  const port = await freePort();
  const flags = ["--port", String(port), ...(demo ? ["--demo", "--json", facts] : [])];
  const child = spawn(process.execPath, ["lib/server/start.mjs", ...flags], {
    cwd: root,
    env: { ...process.env, POLICYLAYER_DATA_DIR: path.join(folder, "data"), LOG_LEVEL: "warn" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => (output += part.toString()));
  const stop = async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await until(
      child,
      () => (demo ? existsSync(facts) : output.includes("/setup#")),
      () => output,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  const written = demo ? (JSON.parse(readFileSync(facts, "utf8")) as Demo) : null;
  return { url: `http://localhost:${String(port)}`, demo: written, output: () => output, stop };
}

async function until(child: ChildProcess, ready: () => boolean, output: () => string): Promise<void> {
  const deadlineMs = Date.now() + startMs;
  while (!ready()) {
    if (child.exitCode !== null) throw new Error(`The product ended with ${String(child.exitCode)}:\n${output()}`);
    if (Date.now() > deadlineMs) throw new Error(`The product did not start in time:\n${output()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), stopMs);
    child.once("exit", () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill("SIGTERM");
  });
}
