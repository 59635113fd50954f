import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { compareRuns, unlike, ways, type Row, type Verdict, type Way, type WayRun } from "./conformance-compare";
import { clientScenariosLeftOut, judgeClient, runClientScenarios } from "./conformance-client-suite";
import { startConformanceGateway, type ConformanceGateway } from "./conformance-gateway";
import { openPolicy, strictPolicy } from "./conformance-policies";
import { revisions, runSuite, scenariosOf, suiteNode, suiteScript, type Revision } from "./conformance-suite";
import { startEverything, type EverythingServer } from "./everything-server";

// `npm run conformance`: the official suite against the everything server, directly and through the gateway under two policies; then its
// `auth/*` client scenarios against the gateway as OAuth client of upstreams.
// `--scenario NAME` runs one scenario, `--requirements REVISION` one revision, `--client "COMMAND"` the suite's client scenarios against
// a client under test; `--json FILE` also writes the verdict.

const say = (line = "") => void process.stdout.write(`${line}\n`);

/** One run that is ready: its way, and where the suite finds it. */
interface Prepared {
  revision: Revision;
  way: Way;
  url: string;
  everything: EverythingServer;
}

/** Each run has an upstream of its own: what one run says to its server (that tools changed) must not reach another's streams. */
async function prepare(gateway: ConformanceGateway, revision: Revision, way: Way): Promise<Prepared> {
  const everything = await startEverything();
  const policy = way === "rules" ? strictPolicy : openPolicy;
  const url = way === "direct" ? everything.url : await gateway.govern(everything.url, policy);
  return { revision, way, url, everything };
}

async function runServerSuite(wanted: readonly Revision[], scenario: string | null): Promise<Verdict> {
  const gateway = await startConformanceGateway();
  const stop = () => void gateway.close().finally(() => process.exit(130));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
  const runs: WayRun[] = [];
  try {
    for (const revision of wanted) {
      if (scenario !== null && !(await scenariosOf(revision)).includes(scenario)) continue;
      runs.push(...(await runRevision(gateway, revision, scenario)));
    }
    if (runs.length === 0) throw new Error(`No revision asks for the server scenario ${String(scenario)}.`);
    const { allowed, refused, stopped } = await gateway.decisions();
    say(`decision log: ${String(allowed)} allowed, ${String(refused)} refused, ${String(stopped)} stopped by a policy`);
    const verdict = compareRuns(runs, { isWhole: scenario === null });
    if (stopped === 0) return verdict;
    const problems = [...verdict.problems, `${String(stopped)} requests were stopped by a policy`];
    return { ...verdict, failed: verdict.failed + 1, problems };
  } finally {
    await gateway.close();
  }
}

/** The three ways of a revision at once: the suite mostly waits. */
async function runRevision(
  gateway: ConformanceGateway,
  revision: Revision,
  scenario: string | null,
): Promise<readonly WayRun[]> {
  const prepared: Prepared[] = [];
  try {
    for (const way of ways) prepared.push(await prepare(gateway, revision, way));
    return await runAgain(prepared, await Promise.all(prepared.map((one) => runOne(one, scenario))));
  } finally {
    for (const { everything } of prepared) await everything.close();
  }
}

async function runOne({ revision, way, url }: Prepared, scenario: string | null): Promise<WayRun> {
  return { revision, way, run: await runSuite(url, revision, scenario) };
}

/** Scenarios in which the suite waits half a second for an answer and fails without it: too little on a machine that is busy. */
const impatient = ["server-stateless"];

/** Runs an impatient scenario that did not come out as it must again by itself, three times at most, and says so. */
async function runAgain(prepared: readonly Prepared[], runs: readonly WayRun[]): Promise<readonly WayRun[]> {
  for (let repeat = 1; repeat <= 3; repeat++) {
    for (const { way, scenario } of unlike(runs).filter((one) => impatient.includes(one.scenario))) {
      say(`again: ${way} ${scenario}`);
      for (const one of prepared.filter((ready) => ready.way === way || ready.way === "direct")) {
        const again = await runOne(one, scenario);
        const checks = again.run.get(scenario);
        if (checks) runs.find((run) => run.way === one.way)?.run.set(scenario, checks);
      }
    }
  }
  return runs;
}

function show({ rows, problems, passed, failed }: Verdict): void {
  const head = ["revision", "way", "scenarios", "passed", "failed", "warnings", "different"];
  const cells = (row: Row) => [
    row.revision,
    row.way.padEnd(9),
    ...[row.scenarios, row.passed, row.failed, row.warnings, row.different].map(String),
  ];
  const line = (all: readonly string[]) => all.map((cell, at) => cell.padStart(head[at]?.length ?? 0)).join("   ");
  say(line(head));
  for (const row of rows) say(line(cells(row)));
  for (const problem of problems) say(`✗ ${problem}`);
  say(`${String(passed)} passed, ${String(failed)} failed`);
}

/** The gateway as OAuth client of upstreams, judged by the suite's client mode. */
async function runOwnClient(revision: Revision | null, scenario: string): Promise<Verdict> {
  const all = await runClientScenarios(scenario);
  const results = revision === null ? all : all.filter((result) => result.revision === revision);
  for (const { name, revision: at, passed, failed, warnings } of results) {
    say(`client ${at} ${name}: ${String(passed)} passed, ${String(failed)} failed, ${String(warnings)} warnings`);
  }
  for (const [name, reason] of Object.entries(clientScenariosLeftOut)) say(`client ${name}: not run, ${reason}`);
  return { rows: [], ...judgeClient(results) };
}

/** Hands over to the suite's client mode; its exit code is ours. */
function runClientSuite(command: string, revision: Revision | null, scenario: string | null): Promise<number> {
  const what = scenario === null ? ["--requirements", revision ?? "2026-07-28"] : ["--scenario", scenario];
  const at = scenario !== null && revision !== null ? ["--spec-version", revision] : [];
  return new Promise((resolve, reject) => {
    const child = spawn(suiteNode, [suiteScript, "client", "--command", command, ...what, ...at], { stdio: "inherit" });
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}

function toRevision(text: string | undefined): Revision | null {
  if (text === undefined) return null;
  const found = revisions.find((revision) => revision === text);
  if (!found) throw new Error(`--requirements takes ${revisions.join(" or ")}.`);
  return found;
}

/** Both legs, one after the other: a process holds one database. */
async function runWhole(revision: Revision | null, scenario: string | null): Promise<Verdict> {
  const wanted = revision === null ? revisions : [revision];
  if (scenario?.startsWith("auth/")) return runOwnClient(revision, scenario);
  const server = await runServerSuite(wanted, scenario);
  if (scenario !== null) return server;
  const client = await runOwnClient(revision, "auth/");
  return {
    rows: server.rows,
    passed: server.passed + client.passed,
    failed: server.failed + client.failed,
    problems: [...server.problems, ...client.problems],
  };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      scenario: { type: "string" },
      requirements: { type: "string" },
      client: { type: "string" },
      json: { type: "string" },
    },
  });
  const [revision, scenario] = [toRevision(values.requirements), values.scenario ?? null];
  if (values.client !== undefined) return runClientSuite(values.client, revision, scenario);
  const verdict = await runWhole(revision, scenario);
  show(verdict);
  if (values.json !== undefined) {
    const { passed, failed, problems } = verdict;
    writeFileSync(values.json, JSON.stringify({ passed, failed, text: problems.join("\n") }));
  }
  return verdict.failed > 0 ? 1 : 0;
}

main().then(
  (code) => void (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
