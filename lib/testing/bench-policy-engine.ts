import type { BenchCall, BenchPolicy } from "@/lib/policy/policy.bench";

/** An engine of the comparison. */
export interface BenchEngine {
  readonly name: string;
  prepare(policy: BenchPolicy): Promise<PreparedEngine>;
}

/** An engine with one policy, ready to judge. */
export interface PreparedEngine {
  /** Whether each call is allowed. */
  answers(calls: readonly BenchCall[]): Promise<boolean[]>;
  /**
   * Calls judged in a second of processor time, one after the other in rotation, over at least `forMs`. Throws when one of
   * them is not allowed.
   */
  speed(calls: readonly BenchCall[], forMs: number): Promise<number>;
}

/** `ready` turns a call into what the engine takes and is not timed; `judge` is. */
export interface Judge<Ready, Answer> {
  readonly ready: (call: BenchCall) => Ready;
  readonly judge: (ready: Ready) => Answer;
}

/** Calls between two looks at the clock. */
const stretch = 100;

export function prepared<Ready>({ ready, judge }: Judge<Ready, boolean>): PreparedEngine {
  return {
    answers: async (calls) => calls.map((call) => judge(ready(call))),
    speed: async (calls, forMs) => {
      const inputs = calls.map(ready);
      const watch = new Watch(forMs);
      while (watch.isRunning) {
        for (let count = 0; count < stretch; count++) {
          const input = inputs[watch.judged++ % inputs.length];
          if (input !== undefined && judge(input)) watch.allowed += 1;
        }
      }
      return watch.perSecond();
    },
  };
}

/** The same for an engine that only answers with a promise. */
export function preparedSlow<Ready>({ ready, judge }: Judge<Ready, Promise<boolean>>): PreparedEngine {
  return {
    answers: async (calls) => {
      const found: boolean[] = [];
      for (const call of calls) found.push(await judge(ready(call)));
      return found;
    },
    speed: async (calls, forMs) => {
      const inputs = calls.map(ready);
      const watch = new Watch(forMs);
      while (watch.isRunning) {
        for (let count = 0; count < stretch; count++) {
          const input = inputs[watch.judged++ % inputs.length];
          if (input !== undefined && (await judge(input))) watch.allowed += 1;
        }
      }
      return watch.perSecond();
    },
  };
}

/**
 * Stops by the clock, counts by processor time: what other programs take is not the engine's. All threads of this process
 * count, so work that a runtime moves to a thread of its own is not free.
 */
class Watch {
  judged = 0;
  allowed = 0;
  readonly #end: number;
  readonly #before = process.cpuUsage();

  constructor(forMs: number) {
    this.#end = performance.now() + forMs;
  }

  get isRunning(): boolean {
    return performance.now() < this.#end;
  }

  perSecond(): number {
    const { user, system } = process.cpuUsage(this.#before);
    if (this.allowed !== this.judged) throw new Error("A call of the timing was not allowed.");
    return (this.judged * 1e6) / (user + system);
  }
}
