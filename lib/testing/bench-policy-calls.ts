import { benchLeast, type BenchCall, type BenchPolicy } from "@/lib/policy/policy.bench";

/** Whole numbers from 0 to `below` − 1, the same for the same seed (mulberry32). */
export type Dice = (below: number) => number;

export function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

function pick<T>(dice: Dice, values: readonly [T, ...T[]]): T {
  return values[dice(values.length)] ?? values[0];
}

/**
 * A call that may meet a policy or not: each argument is right, wrong by a hair, or missing, and the tool may be one that
 * nobody listed. Types are always right, because two of the peers read `"5"` as the number 5; amounts are integers that a double holds.
 */
function randomCall(dice: Dice, tools: readonly string[]): BenchCall {
  const args: Record<string, unknown> = {};
  const put = (key: string, right: () => unknown, wrong: () => unknown): void => {
    const fate = dice(16);
    if (fate > 0) args[key] = fate === 1 ? wrong() : right();
  };
  put(
    "amount",
    () => dice(benchLeast + 1) - pick(dice, [0, 0, 0, 100_000]),
    () => pick(dice, [benchLeast + 1, benchLeast + dice(50_000), Number.MAX_SAFE_INTEGER]),
  );
  put(
    "currency",
    () => pick(dice, ["usd", "eur", "chf"]),
    () => pick(dice, ["USD", "us", "usdx", "", "toString", `c${String(dice(1_100))}`]),
  );
  put(
    "customer",
    () => `cus_${dice(1_000_000).toString(36)}`,
    () => pick(dice, ["", "cus", "CUS_1", " cus_1", "acus_1"]),
  );
  put(
    "metadata",
    () => ({ order: String(dice(1_000)), ...(dice(2) === 0 ? { note: "n" } : {}) }),
    () => pick<Record<string, string>>(dice, [{}, { Order: "1" }, { note: "order" }]),
  );
  const tool = dice(32) === 0 ? pick(dice, ["refund", "PAY", "Tool_1", ""]) : (tools[dice(tools.length)] ?? "");
  return { tool, args };
}

/** So many random calls for the tools of a policy. */
export function randomCalls(policy: BenchPolicy, count: number, dice: Dice): BenchCall[] {
  const tools = [...policy.keys()];
  return Array.from({ length: count }, () => randomCall(dice, tools));
}

/** So many distinct calls that every policy of the bench allows, over all tools in turn: nothing can stop at a first denial. */
export function allowedCalls(policy: BenchPolicy, count: number, dice: Dice): BenchCall[] {
  const tools = [...policy.keys()];
  return Array.from({ length: count }, (_, index) => ({
    tool: tools[index % tools.length] ?? "",
    args: {
      amount: dice(benchLeast + 1),
      currency: pick(dice, ["usd", "eur", "chf"]),
      customer: `cus_${index.toString(36)}_${dice(1_000_000).toString(36)}`,
      metadata: { order: String(dice(1_000)) },
    },
  }));
}
