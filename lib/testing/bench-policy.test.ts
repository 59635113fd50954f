import { expect, test } from "vitest";
import { compareEngines } from "./bench-policy";
import { own, peers } from "./bench-policy-peers";
import { prepared } from "./bench-policy-engine";

const seed = 20260101;

test.each(["oneRule", "tenRules"] as const)(
  "all engines of the bench decide 300 random calls alike: %s",
  async (policy) => {
    const { disagreement, calls, allowed } = await compareEngines(policy, { calls: 300, seed });
    expect(disagreement).toBeNull();
    expect(calls).toBe(300);
    expect(allowed).toBeGreaterThan(75);
    expect(allowed).toBeLessThan(285);
  },
);

test("the comparison stands beside cedar-wasm and at least one more engine", () => {
  expect(peers.map(({ name }) => name)).toContain("@cedar-policy/cedar-wasm");
  expect(peers.length).toBeGreaterThan(1);
});

test("an engine that decides one call differently is found, with the call", async () => {
  const lenient = {
    name: "lenient",
    prepare: async () => prepared({ ready: (call) => call, judge: ({ args }) => args.amount !== undefined }),
  };
  const { disagreement } = await compareEngines("oneRule", { calls: 300, seed, engines: [own, lenient] });
  expect(disagreement?.allowed).toEqual({ policylayer: false, lenient: true });
  expect(disagreement?.call.args.amount).toBeTypeOf("number");
});

test("a timing that meets a denied call fails", async () => {
  const engine = await own.prepare(new Map([["pay", [{ op: "lte", arg: "amount", max: 10 }]]]));
  await expect(engine.speed([{ tool: "pay", args: { amount: 11 } }], 1)).rejects.toThrow("not allowed");
});
