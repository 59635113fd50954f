import { createRequire } from "node:module";
import path from "node:path";
import vm from "node:vm";
import fc from "fast-check";
import { makeVitest, type CollectedTest } from "./mutation-vitest";
import type { Answer, Order, Outcome, Reached } from "./mutation-messages";

// One process of the mutation run: loads the bundle of tests and mutants, and judges one mutant per order.

/** What the instrumented code reads and writes. */
interface Switch {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  mutantCoverage?: {
    static: Record<string, number>;
    perTest: Record<string, Record<string, number>>;
  };
}

const control: Switch = ((globalThis as Record<string, unknown>)["__stryker__"] = {});
const requireHere = createRequire(path.join(process.cwd(), "package.json"));
Error.stackTraceLimit = 4;

/** Random tests are made few, the same in every run, and do not look for the smallest failure. */
const sameCases = { seed: 20_260_101, endOnFailure: true };
const mostRuns = 25;
const fewCases = {
  ...fc,
  assert: (property: fc.IRawProperty<unknown>, parameters: fc.Parameters<unknown> = {}): unknown =>
    fc.assert(property, { ...parameters, ...sameCases, numRuns: Math.min(parameters.numRuns ?? mostRuns, mostRuns) }),
};

let script: vm.Script | null = null;
let skip: RegExp | null = null;
let baseline: CollectedTest[] = [];

/** Runs the bundle from its first line and returns the tests that it declares. */
function load(): CollectedTest[] {
  if (!script) throw new Error("There is no bundle yet.");
  const { tests, api } = makeVitest();
  const given = new Map<string, unknown>([
    ["vitest", api],
    ["fast-check", fewCases],
  ]);
  const body = script.runInThisContext() as (require: (name: string) => unknown, module: object) => void;
  body((name) => given.get(name) ?? (requireHere(name) as unknown), { exports: {} });
  return tests.filter(({ name }) => !skip?.test(name));
}

/** Activates a mutant, or none. */
function activate(mutant: string | undefined, hitLimit?: number): void {
  control.activeMutant = mutant;
  control.hitCount = hitLimit === undefined ? undefined : 0;
  control.hitLimit = hitLimit;
}

const isEndless = (): boolean => (control.hitCount ?? 0) > (control.hitLimit ?? Infinity);

async function fails(test: CollectedTest): Promise<boolean> {
  try {
    await test.run();
    return false;
  } catch {
    return true;
  }
}

/** Every test once without a mutant: how long it takes, and which mutants it reaches. */
async function rehearse(): Promise<Answer> {
  const times: number[] = [];
  for (const [index, { name, run }] of baseline.entries()) {
    control.currentTestId = String(index);
    const started = performance.now();
    try {
      await run();
    } catch (error) {
      return { kind: "broken", text: `${name}: ${String(error)}` };
    }
    times.push(performance.now() - started);
  }
  control.currentTestId = undefined;
  const reached = new Map<string, Reached>();
  const reach = (id: string): Reached => {
    const found = reached.get(id) ?? { tests: [], hits: 0, isStatic: false };
    reached.set(id, found);
    return found;
  };
  const { static: loading = {}, perTest = {} } = control.mutantCoverage ?? {};
  for (const [id, hits] of Object.entries(loading)) Object.assign(reach(id), { hits, isStatic: true });
  for (const [test, counts] of Object.entries(perTest)) {
    for (const [id, hits] of Object.entries(counts)) {
      reach(id).tests.push(Number(test));
      reach(id).hits += hits;
    }
  }
  return { kind: "ready", names: baseline.map(({ name }) => name), times, reached };
}

/** Runs the named tests of a list until one fails. */
async function hunt(
  tests: readonly CollectedTest[],
  order: readonly number[],
): Promise<{ outcome: Outcome; at: number }> {
  for (const at of order) {
    const test = tests[at];
    if (!test) continue;
    const isFailed = await fails(test);
    if (isEndless()) return { outcome: "timeout", at };
    if (isFailed) return { outcome: "killed", at };
  }
  return { outcome: "survived", at: -1 };
}

/**
 * Judges a mutant in the code that is loaded already. A test that fails still when the mutant is gone again met leftovers of an
 * earlier mutant, or of this one: then everything is loaded anew, and only what fails from there counts.
 */
async function judgeLoaded({ mutant, tests, hitLimit }: Order & { kind: "judge" }): Promise<Answer> {
  for (let attempt = 0; ; attempt++) {
    activate(mutant, hitLimit);
    const { outcome, at } = await hunt(baseline, tests);
    activate(undefined);
    const test = baseline[at];
    const isSpoilt = test !== undefined && (await fails(test));
    if (isSpoilt) baseline = load();
    if (!isSpoilt || attempt > 0) return { kind: "judged", outcome, at };
  }
}

/** Judges a mutant that is active from the first line on. */
async function judgeAnew({ mutant, tests, hitLimit }: Order & { kind: "judge" }): Promise<Answer> {
  const names = baseline.map(({ name }) => name);
  activate(mutant, hitLimit);
  try {
    const byName = new Map(load().map((test) => [test.name, test]));
    const anew = names.map((name): CollectedTest => byName.get(name) ?? { name, run: () => undefined });
    return { kind: "judged", ...(await hunt(anew, tests)) };
  } catch {
    return { kind: "judged", outcome: isEndless() ? "timeout" : "killed", at: -1 };
  } finally {
    activate(undefined);
  }
}

async function answer(order: Order): Promise<Answer> {
  if (order.kind === "judge") return order.isAnew ? judgeAnew(order) : judgeLoaded(order);
  script = new vm.Script(`(function (require, module) { const exports = module.exports; ${order.code}\n})`, {
    filename: "mutants.cjs",
  });
  skip = order.skip === null ? null : new RegExp(order.skip);
  try {
    baseline = load();
  } catch (error) {
    return { kind: "broken", text: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  return order.rehearse ? rehearse() : { kind: "ready", names: [], times: [], reached: new Map() };
}

process.on("message", (order: Order) => {
  void answer(order).then((said) => process.send?.(said));
});
