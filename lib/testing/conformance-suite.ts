import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parse } from "yaml";
import { z } from "zod";

const prefix = path.join(import.meta.dirname, "conformance/node_modules");
const suite = path.join(prefix, "@modelcontextprotocol/conformance");

/** Node 22 of the suite's own prefix: the suite runs on no older one, the product's tests on the Node that started them. */
export const suiteNode = path.join(prefix, "node/bin", process.platform === "win32" ? "node.exe" : "node");
export const suiteScript = path.join(suite, "dist/index.js");

/** Revisions that the suite has requirements for. */
export const revisions = ["2025-11-25", "2026-07-28"] as const;
export type Revision = (typeof revisions)[number];

export interface Check {
  id: string;
  status: "SUCCESS" | "FAILURE" | "WARNING" | "INFO" | "SKIPPED";
  message: string;
}

/** The checks of each scenario in the order in which they ran. */
export type SuiteRun = Map<string, Check[]>;

const RequirementSet = z.object({
  server: z.array(z.string()),
  not_scored: z.array(z.object({ scenario: z.string(), leg: z.string() })).default([]),
});

/** The server scenarios that a revision runs, the unscored ones last. */
export async function scenariosOf(revision: Revision): Promise<string[]> {
  const text = await readFile(path.join(suite, "requirements", `${revision}.yaml`), "utf8");
  const { server, not_scored: unscored } = RequirementSet.parse(parse(text));
  return [...server, ...unscored.filter(({ leg }) => leg === "server").map(({ scenario }) => scenario)];
}

/**
 * Runs the suite's server scenarios against `url`: all that a revision requires, or one of them. Resolves also when checks fail;
 * rejects when the suite left no result, with the end of what it said.
 */
export async function runSuite(url: string, revision: Revision, scenario: string | null): Promise<SuiteRun> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "policylayer-suite-"));
  try {
    const what =
      scenario === null ? ["--requirements", revision] : ["--scenario", scenario, "--spec-version", revision];
    const force = scenario === null ? [] : ["--force"];
    const said = await runNode([suiteScript, "server", "--url", url, ...what, ...force, "--output-dir", folder]);
    const run: SuiteRun = new Map();
    const from = (await readdir(folder)).map((name) => ({ name, scenario: scenarioOf(name) }));
    for (const one of from) run.set(one.scenario, await readChecks(path.join(folder, one.name, "checks.json")));
    if (run.size === 0) throw new Error(`The suite left no result.\n${said.slice(-4000)}`);
    return run;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Folders are named `server-<scenario>-<ISO time>`. */
function scenarioOf(folder: string): string {
  return folder.replace(/^server-/, "").replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, "");
}

/** A scenario that broke off has no file: one failed check. */
async function readChecks(file: string): Promise<Check[]> {
  const text = await readFile(file, "utf8").catch(() => null);
  if (text === null) return [{ id: "no result", status: "FAILURE", message: "the scenario broke off" }];
  const checks = JSON.parse(text) as (Omit<Check, "message"> & { errorMessage?: string })[];
  return checks.map(({ id, status, errorMessage }) => ({ id, status, message: errorMessage ?? "" }));
}

/** Runs the suite's Node and resolves to what it said, whatever its exit code is. */
function runNode(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(suiteNode, args, { stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    const keep = (chunk: Buffer) => void (text = (text + chunk.toString()).slice(-100_000));
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.once("error", reject);
    child.once("close", () => resolve(text));
  });
}
