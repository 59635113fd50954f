import { compilePolicy } from "@/lib/policy/compile";
import { parsePolicy } from "@/lib/policy/parse";
import { benchPolicies, benchText, type BenchCall, type BenchPolicy } from "@/lib/policy/policy.bench";
import packages from "@/package.json";
import { allowedCalls, diceOf, randomCalls } from "./bench-policy-calls";
import type { BenchEngine, PreparedEngine } from "./bench-policy-engine";
import { own, peers } from "./bench-policy-peers";
import thresholds from "./thresholds.json";

export type PolicyName = keyof typeof benchPolicies;

/** The columns of the table. `threeRules` is only there to be compared with: one tool of the 500, alone. */
const columns = {
  oneRule: "1 rule",
  tenRules: "10 rules",
  hundredRules: "100 rules",
  manyTools: "500 tools",
  longList: "1,000-entry list",
} satisfies Partial<Record<PolicyName, string>>;
const columnNames = Object.keys(columns) as (keyof typeof columns)[];

export interface Disagreement {
  policy: PolicyName;
  call: BenchCall;
  /** Which engine allows the call. */
  allowed: Record<string, boolean>;
}

export interface Agreement {
  calls: number;
  allowed: number;
  /** The first call about which two engines differ; null when they agree on all. */
  disagreement: Disagreement | null;
}

/** Lets every engine judge the same random calls. */
export async function compareEngines(
  policy: PolicyName,
  options: { calls: number; seed: number; engines?: readonly BenchEngine[] },
): Promise<Agreement> {
  const { engines = [own, ...peers] } = options;
  const calls = randomCalls(benchPolicies[policy], options.calls, diceOf(options.seed));
  const answers = await Promise.all(
    engines.map(async (engine) => (await engine.prepare(benchPolicies[policy])).answers(calls)),
  );
  const [first = []] = answers;
  const at = calls.findIndex((_, index) => answers.some((found) => found[index] !== first[index]));
  const call = calls[at];
  const allowed = first.filter((isAllowed) => isAllowed).length;
  if (!call) return { calls: calls.length, allowed, disagreement: null };
  const split = Object.fromEntries(engines.map(({ name }, index) => [name, answers[index]?.[at] ?? false]));
  return { calls: calls.length, allowed, disagreement: { policy, call, allowed: split } };
}

export interface PolicyBenchOptions {
  /** Of the random calls; printed by the caller, so that a run can be repeated. */
  seed: number;
  /** Random calls per policy on which the engines must agree. */
  agreeOn?: number;
  /** Time of one run, of which the best of so many counts: other work on the machine only ever makes a run slower. */
  forMs?: number;
  runs?: number;
}

export interface PolicySpeeds {
  /** Evaluations per second of each engine, ours first. */
  engines: { name: string; perSecond: Partial<Record<PolicyName, number>> }[];
  /** One tool with the three rules that each of the 500 has. */
  threeRules: number;
  /** The ten rules on amounts with a fraction, which one look does not settle: each rule is judged. */
  inFull: number;
}

const distinctCalls = 500;
const warmUpMs = 300;

/** Measures every engine on every policy, in turns, so that a slow moment of the machine meets them all. */
export async function measurePolicies({ seed, forMs = 200, runs = 5 }: PolicyBenchOptions): Promise<PolicySpeeds> {
  const speeds: PolicySpeeds = {
    engines: [own, ...peers].map(({ name }) => ({ name, perSecond: {} })),
    threeRules: NaN,
    inFull: NaN,
  };
  for (const column of columnNames) {
    const found = await speedsOn(benchPolicies[column], [own, ...peers], { seed, forMs, runs });
    for (const [index, engine] of speeds.engines.entries()) engine.perSecond[column] = found[index] ?? NaN;
  }
  [speeds.threeRules = NaN] = await speedsOn(benchPolicies.threeRules, [own], { seed, forMs, runs });
  speeds.inFull = await speedInFull({ seed, forMs, runs });
  return speeds;
}

async function speedInFull({ seed, forMs, runs }: Required<Pick<PolicyBenchOptions, "seed" | "forMs" | "runs">>) {
  const policy = benchPolicies.tenRules;
  const whole = allowedCalls(policy, distinctCalls, diceOf(seed));
  const calls = whole.map(({ tool, args }) => ({
    tool,
    args: { ...args, amount: Math.max(args.amount ?? 0, 1) - 0.5 },
  }));
  const engine = await own.prepare(policy);
  const found: number[] = [];
  for (let run = 0; run <= runs; run++) found.push(await engine.speed(calls, forMs));
  return Math.max(...found);
}

async function speedsOn(
  policy: BenchPolicy,
  engines: readonly BenchEngine[],
  { seed, forMs, runs }: { seed: number; forMs: number; runs: number },
): Promise<number[]> {
  const calls = allowedCalls(policy, distinctCalls, diceOf(seed));
  const ready: PreparedEngine[] = [];
  for (const engine of engines) ready.push(await engine.prepare(policy));
  for (const engine of ready) await engine.speed(calls, warmUpMs);
  const best = engines.map(() => 0);
  for (let run = 0; run < runs; run++) {
    for (const [index, engine] of ready.entries()) {
      best[index] = Math.max(best[index] ?? 0, await engine.speed(calls, forMs));
    }
  }
  return best;
}

export interface CompileTimes {
  parseMs: number;
  compileMs: number;
}

/** Milliseconds of processor time to read and check a text, and to compile its document: medians of so many rounds. */
export function measureCompile(text: string, rounds = 9): CompileTimes {
  const times = Array.from({ length: rounds }, () => {
    const start = process.cpuUsage();
    const parsed = parsePolicy(text);
    const parseMs = msSince(start);
    if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
    const between = process.cpuUsage();
    compilePolicy(parsed.document, { digest: (meaning) => String(meaning.length) });
    return { parseMs, compileMs: msSince(between) };
  });
  const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? NaN;
  return {
    parseMs: median(times.map(({ parseMs }) => parseMs)),
    compileMs: median(times.map(({ compileMs }) => compileMs)),
  };
}

function msSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** The name with the version that is installed. */
function titleOf(name: string): string {
  const version = Object.entries(packages.devDependencies).find(([known]) => known === name)?.[1];
  return version === undefined ? name : `${name} ${version}`;
}

export interface PolicyReport {
  head: string[];
  rows: string[][];
  /** What was aimed at, and how it came out. */
  aims: string[];
}

/** The figures as a table, with the ratio of ours to the fastest peer under each column. */
export function reportPolicies(speeds: PolicySpeeds, compile: CompileTimes): PolicyReport {
  const [ours, ...others] = speeds.engines;
  const figure = (engine: (typeof speeds.engines)[number] | undefined, column: PolicyName) =>
    engine?.perSecond[column] ?? NaN;
  const fastest = (column: PolicyName) => Math.max(...others.map((engine) => figure(engine, column)));
  const ratio = (column: PolicyName) => figure(ours, column) / fastest(column);
  const rows = speeds.engines.map((engine) => [
    titleOf(engine.name),
    ...columnNames.map((column) => Math.round(figure(engine, column)).toLocaleString("en")),
  ]);
  rows.push(["ours / fastest peer", ...columnNames.map((column) => `${ratio(column).toFixed(2)} x`)]);
  const { perSecond, ofPeer, ofBase, compileMs } = thresholds.policy;
  const ten = figure(ours, "tenRules");
  const leader = others.find((engine) => figure(engine, "tenRules") === fastest("tenRules"));
  const manyTools = figure(ours, "manyTools") / speeds.threeRules;
  const longList = figure(ours, "longList") / ten;
  const aim = (text: string, isReached: boolean, found: string) =>
    `aim ${text}: ${isReached ? "reached" : "missed"} with ${found}`;
  const times = (value: number) => `${value.toFixed(2)} x`;
  return {
    head: ["evaluations/s", ...columnNames.map((column) => columns[column])],
    rows,
    aims: [
      aim(
        `>= ${perSecond.toLocaleString("en")}/s at ten rules`,
        ten >= perSecond,
        `${Math.round(ten).toLocaleString("en")}/s`,
      ),
      aim(
        `>= ${String(ofPeer)} x the fastest peer at ten rules`,
        ratio("tenRules") >= ofPeer,
        `${times(ratio("tenRules"))} ${leader?.name ?? ""}`,
      ),
      aim(
        "no slowdown with 500 tools",
        manyTools >= ofBase,
        `${times(manyTools)} one tool with the same three rules (${Math.round(speeds.threeRules).toLocaleString("en")}/s)`,
      ),
      aim(
        "no slowdown with a 1,000-entry list",
        longList >= ofBase,
        `${times(longList)} the ten rules with short lists`,
      ),
      aim(
        `<= ${String(compileMs)} ms to compile a document of 500 tools`,
        compile.compileMs <= compileMs,
        `${compile.compileMs.toFixed(1)} ms (reading and checking its text before that: ${compile.parseMs.toFixed(0)} ms)`,
      ),
      `ten rules on amounts with a fraction, each rule judged by itself: ${Math.round(speeds.inFull).toLocaleString("en")}/s`,
    ],
  };
}

/** The part of `npm run bench` about policies. Prints as it goes; false when two engines decided differently. */
export async function benchPolicy(
  say: (line?: string) => void,
  table: (head: readonly string[], rows: readonly (readonly string[])[]) => void,
  { agreeOn = 2_000, ...options }: PolicyBenchOptions,
): Promise<boolean> {
  say(
    "Policy: decisions a second of one core, beside published engines. Stateless rules only: the peers have no counters.",
  );
  let allowed = 0;
  for (const column of columnNames) {
    const agreement = await compareEngines(column, { calls: agreeOn, seed: options.seed });
    allowed += agreement.allowed;
    if (!agreement.disagreement) continue;
    say(`The engines disagree (seed ${String(options.seed)}): ${JSON.stringify(agreement.disagreement)}`);
    return false;
  }
  const all = agreeOn * columnNames.length;
  say(
    `${String(peers.length + 1)} engines agree on ${String(columnNames.length)} x ${agreeOn.toLocaleString("en")} random calls ` +
      `(seed ${String(options.seed)}, ${((100 * allowed) / all).toFixed(0)} % allowed).`,
  );
  say(
    `Timed: ${distinctCalls.toLocaleString("en")} distinct calls in rotation, all of them allowed, so that every rule is judged.`,
  );
  const speeds = await measurePolicies(options);
  const report = reportPolicies(speeds, measureCompile(benchText(benchPolicies.manyTools)));
  table(report.head, report.rows);
  for (const line of report.aims) say(line);
  return true;
}
