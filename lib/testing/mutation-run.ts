import { fork, type ChildProcess } from "node:child_process";
import path from "node:path";
import { bundleMutants, type Mutant } from "./mutation-instrument";
import type { Answer, Order, Outcome, Reached } from "./mutation-messages";

const root = path.resolve(import.meta.dirname, "../..");
const script = path.join(import.meta.dirname, "mutation-worker.ts");

/** A mutant's first passes times this many are an endless loop, as in Stryker. */
const hitFactor = 100;
const leastMs = 5000;
const loadMs = 60_000;

/** A mutant and what became of it; `by` names the test that killed it. */
export interface Judged extends Mutant {
  outcome: Outcome;
  by: string;
}

/** What to change, which tests hunt (paths, relative ones from the project's root), and names of tests to leave out. */
export interface MutationPlan {
  files: readonly string[];
  tests: readonly string[];
  skip: RegExp | null;
  workers: number;
  progress: (done: number, total: number) => void;
}

/** A process that answers one order at a time. */
class Worker {
  #child: ChildProcess | null = null;
  readonly #load: Order & { kind: "load" };

  constructor(load: Order & { kind: "load" }) {
    this.#load = load;
  }

  /** Null when there is no answer in time, or the process ended instead: then the next order starts another. */
  async ask(order: Order, limitMs: number): Promise<Answer | null> {
    const child = await this.#ready();
    const said = await exchange(child, order, limitMs);
    if (!said) this.close();
    return said;
  }

  /** Loads the tests in a new process and runs each once. Throws when one of them fails. */
  async rehearse(): Promise<Answer & { kind: "ready" }> {
    this.close();
    this.#child = start();
    return expectReady(await exchange(this.#child, { ...this.#load, rehearse: true }, loadMs * 5));
  }

  close(): void {
    this.#child?.kill("SIGKILL");
    this.#child = null;
  }

  async #ready(): Promise<ChildProcess> {
    if (this.#child) return this.#child;
    this.#child = start();
    expectReady(await exchange(this.#child, this.#load, loadMs));
    return this.#child;
  }
}

function start(): ChildProcess {
  const stdio = ["ignore", "ignore", "inherit", "ipc"] as const;
  const execArgv = ["--import", "tsx", "--max-old-space-size=1500"];
  return fork(script, { cwd: root, execArgv, serialization: "advanced", stdio: [...stdio] });
}

function exchange(child: ChildProcess, order: Order, limitMs: number): Promise<Answer | null> {
  return new Promise((resolve) => {
    const end = (said: Answer | null): void => {
      clearTimeout(timer);
      child.off("message", end);
      child.off("exit", gone);
      resolve(said);
    };
    const gone = (): void => end(null);
    const timer = setTimeout(gone, limitMs);
    child.on("message", end);
    child.on("exit", gone);
    child.send(order);
  });
}

function expectReady(said: Answer | null): Answer & { kind: "ready" } {
  if (said?.kind === "ready") return said;
  throw new Error(
    said?.kind === "broken" ? `Without a mutant, a test fails.\n${said.text}` : "The tests did not load.",
  );
}

/** Which tests to run for a mutant, and in which order: those that killed neighbours of it first, then the fastest. */
class Tactics {
  readonly #times: readonly number[];
  readonly #kills = new Map<string, Map<number, number>>();

  constructor(times: readonly number[]) {
    this.#times = times;
  }

  order(file: string, tests: readonly number[]): number[] {
    const kills = this.#kills.get(file);
    const rank = (test: number): number => (this.#times[test] ?? 0) - 1000 * (kills?.get(test) ?? 0);
    return [...tests].sort((a, b) => rank(a) - rank(b));
  }

  note(file: string, test: number): void {
    const kills = this.#kills.get(file) ?? new Map<number, number>();
    kills.set(test, (kills.get(test) ?? 0) + 1);
    this.#kills.set(file, kills);
  }

  limitMs(tests: readonly number[]): number {
    return leastMs + 10 * tests.reduce((sum, test) => sum + (this.#times[test] ?? 0), 0);
  }
}

interface Rehearsal {
  names: readonly string[];
  reached: ReadonlyMap<string, Reached>;
  tactics: Tactics;
}

/** Judges one mutant: in the loaded code by the tests that reach it and, when loading passes it too, from the first line on by all. */
async function judge(worker: Worker, mutant: Mutant, { names, reached, tactics }: Rehearsal): Promise<Judged> {
  const reach = reached.get(mutant.id);
  if (!reach) return { ...mutant, outcome: "uncovered", by: "" };
  const hitLimit = reach.hits * hitFactor;
  const ask = async (among: readonly number[], isAnew: boolean): Promise<Judged> => {
    const tests = tactics.order(mutant.file, among);
    const order: Order = { kind: "judge", mutant: mutant.id, tests, isAnew, hitLimit };
    const said = await worker.ask(order, tactics.limitMs(tests));
    if (said?.kind !== "judged") return { ...mutant, outcome: "timeout", by: "" };
    if (said.outcome === "killed") tactics.note(mutant.file, said.at);
    return { ...mutant, outcome: said.outcome, by: names[said.at] ?? "" };
  };
  if (reach.tests.length > 0) {
    const first = await ask(reach.tests, false);
    if (first.outcome !== "survived" || !reach.isStatic) return first;
  }
  return ask([...names.keys()], true);
}

/**
 * Changes the files in every way that Stryker knows, one change at a time, and looks whether a test notices. Judged mutants come in
 * the order of the sources; those that a source declares equivalent are left out. Throws when a test fails without any change.
 */
export async function runMutation(plan: MutationPlan): Promise<Judged[]> {
  const { mutants, code } = await bundleMutants(plan.files, plan.tests);
  const load = { kind: "load", code, skip: plan.skip?.source ?? null, rehearse: false } as const;
  const workers = Array.from({ length: plan.workers }, () => new Worker(load));
  try {
    const [first] = workers;
    if (!first) throw new Error("At least one worker is needed.");
    const { names, times, reached } = await first.rehearse();
    const rehearsal: Rehearsal = { names, reached, tactics: new Tactics(times) };
    const open = mutants.filter(({ ignored }) => ignored === null);
    const judged = new Map<string, Judged>();
    const queue = open.values();
    await Promise.all(
      workers.map(async (worker) => {
        for (const mutant of queue) {
          judged.set(mutant.id, await judge(worker, mutant, rehearsal));
          plan.progress(judged.size, open.length);
        }
      }),
    );
    return open.flatMap(({ id }) => judged.get(id) ?? []);
  } finally {
    for (const worker of workers) worker.close();
  }
}
