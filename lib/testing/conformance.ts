import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { compareRuns, ways, type Row, type Verdict, type Way, type WayRun } from "./conformance-compare";
import { startConformanceGateway, type ConformanceGateway } from "./conformance-gateway";
import { openPolicy, strictPolicy } from "./conformance-policies";
import { revisions, runSuite, suiteNode, suiteScript, type Revision } from "./conformance-suite";
import { startEverything } from "./everything-server";

// `npm run conformance`: the official suite against the everything server, directly and through the gateway under two policies.
// `--scenario NAME` runs one scenario, `--requirements REVISION` one revision, `--client "COMMAND"` the suite's client scenarios against
// a client under test; `--json FILE` also writes the verdict.

const say = (line = "") => void process.stdout.write(`${line}\n`);

/** One run that is ready: its way, and where the suite finds it. */
interface Prepared {
  revision: Revision;
  way: Way;
  url: string;
  close(): Promise<void>;
}

/** Each run has an upstream of its own: what one run says to its server (that tools changed) must not reach another's streams. */
async function prepare(gateway: ConformanceGateway, revision: Revision, way: Way): Promise<Prepared> {
  const { url, close } = await startEverything();
  if (way === "direct") return { revision, way, url, close };
  return { revision, way, url: await gateway.govern(url, way === "rules" ? strictPolicy : openPolicy), close };
}

async function runServerSuite(wanted: readonly Revision[], scenario: string | null): Promise<Verdict> {
  const gateway = await startConformanceGateway();
  const prepared: Prepared[] = [];
  try {
    for (const revision of wanted) for (const way of ways) prepared.push(await prepare(gateway, revision, way));
    // All at once: the suite mostly waits.
    const runs = await Promise.all(
      prepared.map(async ({ revision, way, url }): Promise<WayRun> => {
        return { revision, way, run: await runSuite(url, revision, scenario) };
      }),
    );
    say(`decisions in the log: ${JSON.stringify(await gateway.decisions())}`);
    return compareRuns(runs, { isWhole: scenario === null });
  } finally {
    await gateway.close();
    for (const { close } of prepared) await close();
  }
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

const { values } = parseArgs({
  options: {
    scenario: { type: "string" },
    requirements: { type: "string" },
    client: { type: "string" },
    json: { type: "string" },
  },
});
const [revision, scenario] = [toRevision(values.requirements), values.scenario ?? null];
if (values.client !== undefined) process.exitCode = await runClientSuite(values.client, revision, scenario);
else {
  const verdict = await runServerSuite(revision === null ? revisions : [revision], scenario);
  show(verdict);
  if (values.json !== undefined) {
    const { passed, failed, problems } = verdict;
    writeFileSync(values.json, JSON.stringify({ passed, failed, text: problems.join("\n") }));
  }
  process.exitCode = verdict.failed > 0 ? 1 : 0;
}
