import { execFileSync } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { startPart, stopPart, type Child } from "./bench-child";
import type { Ask, LoadResult } from "./bench-load";
import type { Part } from "./bench-part";
import type { Crowd, Lateness } from "./bench-probe";
import type { BenchPath } from "./bench-upstream";

/** A figure, the bar that it is held against, and whether it reached it. `better` = which side of the bar is good. */
export interface SceneRow {
  what: string;
  value: number;
  unit: string;
  bar: keyof SceneBars | null;
}

export interface SceneBars {
  listWarmMs: number;
  listFreshMs: number;
  denyOfAllow: number;
  besideHangs: number;
  lateMs: number;
  floodMiB: number;
}

interface Stage {
  gateway: Child;
  upstream: Child;
  pipe: (path: BenchPath) => Promise<Child>;
}

const durationMs = 3_000;
const warmUpMs = 1_000;
const runs = 3;
const hangCount = 200;

/**
 * What the load figures do not show: a long list filtered, a denial beside an allowed call, calls of one server beside 200 that hang on
 * another, events in time, and memory while everybody floods. One gateway with the durable ledger, in a process of its own.
 */
export async function benchScenes(say: (line?: string) => void): Promise<SceneRow[]> {
  const dataDir = await mkdtemp(path.join(process.getuid?.() === 0 ? "/var/tmp" : os.tmpdir(), "policylayer-bench-"));
  await chmod(dataDir, 0o755);
  const children: Child[] = [];
  const start = async (part: Part) => {
    const child = await startPart(part);
    children.push(child);
    return child;
  };
  try {
    const upstream = await start({ kind: "scene-upstream" });
    const target = String(upstream.facts["url"]);
    const gateway = await start({ kind: "scene-gateway", target, dataDir });
    const pipes = new Map<BenchPath, Child>();
    const pipe = async (at: BenchPath) => {
      const found = pipes.get(at) ?? (await start({ kind: "pipe", target: target + at }));
      pipes.set(at, found);
      return found;
    };
    const stage: Stage = { gateway, upstream, pipe };
    const rows: SceneRow[] = [];
    for (const scene of [lists, denials, besideHangs, events, floods]) rows.push(...(await scene(stage, say)));
    return rows;
  } finally {
    await Promise.all(children.map(stopPart));
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Best of some runs: other work on the machine only ever makes a run slower. */
async function load(url: string, token: string | null, connections: number, ask: Ask): Promise<LoadResult> {
  let found: LoadResult | null = null;
  for (let run = 0; run < runs; run += 1) {
    const part = await startPart({ kind: "load", options: { url, token, connections, durationMs, warmUpMs, ask } });
    const result = part.facts as unknown as LoadResult;
    if (!found || result.p50Ms < found.p50Ms) found = result;
  }
  if (!found) throw new Error("A bench needs at least one run.");
  if (found.bad > 0) throw new Error(`${String(found.bad)} answers were no good.`);
  return found;
}

const urlOf = ({ gateway }: Stage, at: BenchPath) => String(gateway.facts[at]);
const tokensOf = ({ gateway }: Stage, at: BenchPath) => String(gateway.facts[`${at} tokens`]).split(",");

function through(stage: Stage, at: BenchPath, connections: number, ask: Ask): Promise<LoadResult> {
  return load(urlOf(stage, at), tokensOf(stage, at)[0] ?? null, connections, ask);
}

async function piped(stage: Stage, at: BenchPath, connections: number, ask: Ask): Promise<LoadResult> {
  return load(String((await stage.pipe(at)).facts["url"]), null, connections, ask);
}

async function lists(stage: Stage): Promise<SceneRow[]> {
  const rows: SceneRow[] = [];
  for (const [at, what, bar] of [
    ["list", "filtered list of 500 tools, the same as before: added", "listWarmMs"],
    ["fresh-list", "filtered list of 500 tools, never seen before: added", "listFreshMs"],
  ] as const) {
    const plain = await piped(stage, at, 1, "list");
    const own = await through(stage, at, 1, "list");
    rows.push({ what, value: own.p50Ms - plain.p50Ms, unit: "ms", bar });
  }
  return rows;
}

async function denials(stage: Stage): Promise<SceneRow[]> {
  const allowed = await through(stage, "call", 1, "call");
  const denied = await through(stage, "call", 1, "deny");
  return [
    {
      what: "a denied call, against an allowed one",
      value: denied.p50Ms / allowed.p50Ms,
      unit: "x",
      bar: "denyOfAllow",
    },
  ];
}

async function besideHangs(stage: Stage): Promise<SceneRow[]> {
  const alone = await through(stage, "call", 8, "call");
  const crowd = await startCrowd(stage, "hang", "wait", hangCount);
  try {
    const beside = await through(stage, "call", 8, "call");
    const what = `calls while ${String(hangCount)} hang on another server`;
    return [
      { what: `${what}, median`, value: beside.p50Ms / alone.p50Ms, unit: "x alone", bar: "besideHangs" },
      { what: `${what}, p99`, value: beside.p99Ms / alone.p99Ms, unit: "x alone", bar: null },
    ];
  } finally {
    await stopPart(crowd);
  }
}

async function events(stage: Stage, say: (line?: string) => void): Promise<SceneRow[]> {
  const one = async (url: string, token: string | null) => {
    const part = await startPart({ kind: "events", target: { url, token } });
    return part.facts as unknown as Lateness;
  };
  const direct = await one(`${String(stage.upstream.facts["url"])}events`, null);
  const own = await one(urlOf(stage, "events"), tokensOf(stage, "events")[0] ?? null);
  const shown = ({ p50Ms, p99Ms, maxMs }: Lateness) => [p50Ms, p99Ms, maxMs].map((ms) => ms.toFixed(2)).join(" / ");
  say(`1,000 events, ms late (p50 / p99 / latest): direct ${shown(direct)}, through the gateway ${shown(own)}`);
  if (own.count !== direct.count) throw new Error(`${String(direct.count - own.count)} events were lost.`);
  return [
    {
      what: "the latest of 1,000 events, behind the direct one's",
      value: own.maxMs - direct.maxMs,
      unit: "ms",
      bar: "lateMs",
    },
  ];
}

const floodMs = 6_000;
const crowdSize = 32;

/** The second round of each flood counts: what the first one leaves behind is the heap's own size, not a leak. */
async function floods(stage: Stage): Promise<SceneRow[]> {
  const rows: SceneRow[] = [];
  for (const [doing, at, what] of [
    ["read", "flood", "endless streams that are read"],
    ["deaf", "flood", "endless streams that nobody reads"],
    ["bodies", "call", "bodies of 200 MB"],
  ] as const) {
    const growth: number[] = [];
    for (let round = 0; round < 2; round += 1) growth.push(await growthUnder(stage, at, doing));
    const [first = NaN, second = NaN] = growth;
    rows.push({ what: `memory under ${String(crowdSize)} ${what}, first round`, value: first, unit: "MiB", bar: null });
    rows.push({ what: "the same, second round", value: second, unit: "MiB", bar: "floodMiB" });
  }
  return rows;
}

/** How far the gateway's resident memory rises above where it stood, in MiB. */
async function growthUnder(stage: Stage, at: BenchPath, doing: Crowd["doing"]): Promise<number> {
  const { pid } = stage.gateway.process;
  const before = residentMiB(pid);
  const crowd = await startCrowd(stage, at, doing, crowdSize);
  let most = before;
  const endsAt = performance.now() + floodMs;
  while (performance.now() < endsAt) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    most = Math.max(most, residentMiB(pid));
  }
  await stopPart(crowd);
  return most - before;
}

function startCrowd(stage: Stage, at: BenchPath, doing: Crowd["doing"], connections: number): Promise<Child> {
  const crowd = { url: urlOf(stage, at), tokens: tokensOf(stage, at), connections, doing };
  return startPart({ kind: "crowd", crowd });
}

function residentMiB(pid: number | undefined): number {
  return Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })) / 1024;
}
