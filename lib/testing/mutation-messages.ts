/** What became of a mutant; `timeout` counts as killed, `uncovered` (no test reaches it) as not. */
export type Outcome = "killed" | "timeout" | "survived" | "uncovered";

/** Which tests reach a mutant (places in the list of names), how often it is passed in all, and whether loading passes it too. */
export interface Reached {
  tests: number[];
  hits: number;
  isStatic: boolean;
}

/** From the run to a worker. `isAnew`: load everything with the mutant active. `hitLimit`: passes after which a loop is endless. */
export type Order =
  | { kind: "load"; code: string; skip: string | null; rehearse: boolean }
  | { kind: "judge"; mutant: string; tests: number[]; isAnew: boolean; hitLimit: number };

/** From a worker to the run. `at`: the test that killed, -1 when none did. */
export type Answer =
  | { kind: "ready"; names: string[]; times: number[]; reached: Map<string, Reached> }
  | { kind: "broken"; text: string }
  | { kind: "judged"; outcome: Outcome; at: number };
