import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startGatewayStack, type GatewayStack, type StackGrant } from "@/lib/testing/gateway-stack";
import { callOf, mcpPost, modern, textOf } from "@/lib/testing/mcp-post";
import {
  scriptedTools,
  startScriptedUpstream,
  type Mode,
  type ScriptedUpstream,
} from "@/lib/testing/scripted-upstream";

const policy = `
version: "1"
tools:
  create_charge:
    rules:
      - name: "spend"
        conditions: [{path: state.create_charge.spent, op: lte, value: 1000000}]
        state: {counter: spent, window: month, increment_from: args.amount}
  create_refund:
    rules:
      - name: "spend"
        conditions: [{path: state.create_refund.spent, op: lte, value: 1000000}]
        state: {counter: spent, window: month, increment_from: args.amount}
        on_tool_error: post
  list_customers:
    rules:
      - name: "count"
        rate_limit: 1000/month
`;

let upstream: ScriptedUpstream;
let stack: GatewayStack;

beforeAll(async () => {
  upstream = await startScriptedUpstream();
  const inFlight = { perGrant: 64, waitMs: 20_000 };
  stack = await startGatewayStack({ upstreamUrl: upstream.url, policy, tools: scriptedTools, inFlight });
});
afterAll(async () => {
  await stack.close();
  await upstream.close();
});
beforeEach(() => {
  upstream.reset();
});

const add = () => stack.add({ upstreamUrl: upstream.url, policy, tools: scriptedTools });

describe("P10 an answer reaches the request whose id it carries, and nobody else", () => {
  test(
    "fifty grants ask at once under the same ids: each gets its own canaries only",
    { timeout: 60_000 },
    async () => {
      const first = await add();
      const grants = [first];
      for (let index = 1; index < 50; index += 1) grants.push(await stack.twin(first, `twin ${String(index)}`));
      upstream.mode = "echo-args";
      const canary = (grant: number, call: number) => `CANARY-${String(grant)}-${String(call)}-`;
      const asked = grants.map((grant, index) =>
        Promise.all(
          [0, 1, 2, 3].map((call) =>
            mcpPost(grant, callOf("create_charge", { amount: 1, canary: canary(index, call) }, call)),
          ),
        ),
      );
      await expect.poll(() => upstream.executed.length, { timeout: 30_000 }).toBe(200);
      upstream.release();
      const answers = await Promise.all(asked);
      answers.forEach((own, index) => {
        own.forEach((answer, call) => {
          expect(answer.json.id).toBe(call);
          expect(answer.text.match(/CANARY-\d+-\d+-/g)).toEqual([canary(index, call)]);
        });
      });
    },
  );

  test.each([
    ["another id", "wrong-id"],
    ["half an answer", "garbage"],
  ] as const)("%s is dropped, and the call's outcome is unknown", async (_name, mode) => {
    const grant = await add();
    upstream.mode = mode;
    const answer = await mcpPost(grant, callOf("create_charge", { amount: 1 }));
    expect(answer.text).not.toContain("someone-else");
    expect(answer.decision).toMatchObject({ reason: "upstream_malformed", outcome: "in_doubt", mayHaveRun: true });
    const [, outcome] = await stack.log(grant);
    expect(outcome).toMatchObject({ kind: "outcome", outcome: "in_doubt" });
    expect(outcome?.record).toContain("upstream_malformed");
  });

  test.each(["legacy", "modern"] as const)(
    "%s: a stream with answers for others and a second one of its own gives the first of its own",
    async (era) => {
      const grant = await add();
      upstream.mode = "sse-foreign";
      const args = { amount: 3, canary: "CANARY-mine" };
      const { body, headers } = modern("tools/call", { name: "create_charge", arguments: args }, 5);
      const answer =
        era === "modern" ? await mcpPost(grant, body, headers) : await mcpPost(grant, callOf("create_charge", args, 5));
      const events = answer.text.split("\n\n").filter((event) => event.includes("data:"));
      expect(events.map((event) => JSON.parse(event.slice(event.indexOf("{"))) as unknown)).toEqual([
        { jsonrpc: "2.0", id: 5, result: { content: [{ type: "text", text: "done" }] } },
      ]);
      const rows = await stack.log(grant);
      expect(rows.find((row) => row.kind === "outcome")?.outcome).toBe("posted");
      expect(rows.filter((row) => row.reason === "foreign_answer").length).toBeGreaterThan(1);
      expect(await stack.used(grant, "create_charge.spent")).toBe("3");
    },
  );

  test("a session's stream carries no answer to a request of another grant", async () => {
    const [one, other] = [await add(), await add()];
    upstream.mode = "sse-foreign";
    const answers = await Promise.all(
      [one, other].map((grant, index) =>
        mcpPost(grant, callOf("create_charge", { amount: 1, who: `CANARY-${String(index)}` }, index)),
      ),
    );
    expect(answers.map(({ text }) => text.includes("CANARY"))).toEqual([false, false]);
  });
});

async function outcomeOf(grant: StackGrant): Promise<string | null | undefined> {
  return (await stack.log(grant)).at(-1)?.outcome;
}

interface Ending {
  mode: Mode;
  set?: Partial<ScriptedUpstream>;
  /** What becomes of a money limit, of one with `on_tool_error: post`, and of a plain count. */
  money: string;
  posted: string;
  count: string;
  /** Executions that the upstream's own ledger has. */
  ran: number;
}

const ran = { ran: 1 };
const endings: [name: string, ending: Ending][] = [
  ["a result", { mode: "ok", money: "posted", posted: "posted", count: "posted", ...ran }],
  ["isError after the money moved", { mode: "is-error", money: "void", posted: "posted", count: "void", ...ran }],
  [
    "a JSON-RPC error after a commit",
    { mode: "rpc-error", money: "in_doubt", posted: "in_doubt", count: "void", ...ran },
  ],
  [
    "a JSON-RPC error of the upstream's own",
    { mode: "rpc-error", set: { rpcCode: -32000 }, money: "in_doubt", posted: "in_doubt", count: "void", ...ran },
  ],
  [
    "a JSON-RPC error that says that nothing ran",
    { mode: "rpc-error", set: { rpcCode: -32602 }, money: "void", posted: "void", count: "void", ...ran },
  ],
  ["a reset before anything", { mode: "reset-before", money: "in_doubt", posted: "in_doubt", count: "void", ran: 0 }],
  [
    "a reset after the commit",
    { mode: "reset-after-commit", money: "in_doubt", posted: "in_doubt", count: "void", ...ran },
  ],
  ["a reset in the answer", { mode: "reset-after", money: "in_doubt", posted: "in_doubt", count: "void", ...ran }],
  ["500 after the commit", { mode: "500", money: "in_doubt", posted: "in_doubt", count: "void", ...ran }],
  ["a stream that ends early", { mode: "sse-cut", money: "in_doubt", posted: "in_doubt", count: "void", ...ran }],
];

describe("P11 an error after the money moved never gives money back that may be gone", () => {
  test.each(endings)("%s", async (_name, { mode, set, money, posted, count, ran: executions }) => {
    Object.assign(upstream, { ...set, mode });
    for (const [tool, counter, state] of [
      ["create_charge", "create_charge.spent", money],
      ["create_refund", "create_refund.spent", posted],
      ["list_customers", "list_customers._rate_month", count],
    ] as const) {
      const grant = await add();
      const before = upstream.executed.length;
      await mcpPost(grant, callOf(tool, { amount: 7 }));
      expect([tool, upstream.executed.length - before]).toEqual([tool, executions]);
      expect([tool, await outcomeOf(grant)]).toEqual([tool, state]);
      const unit = tool === "list_customers" ? "1" : "7";
      expect([tool, await stack.used(grant, counter)]).toEqual([tool, state === "void" ? "0" : unit]);
      const rows = await stack.log(grant);
      expect(rows.map(({ kind }) => kind)).toEqual(["decision", "outcome"]);
    }
  });

  test("the gateway never sends a call twice, whatever became of the first", async () => {
    const grant = await add();
    const modes: Mode[] = [
      "reset-before",
      "reset-after-commit",
      "reset-after",
      "500",
      "garbage",
      "wrong-id",
      "sse-cut",
    ];
    upstream.plan = [...modes];
    for (const mode of modes) {
      expect([mode, textOf(await mcpPost(grant, callOf("create_charge", { amount: 1 }))) === "done"]).toEqual([
        mode,
        false,
      ]);
    }
    expect(upstream.received).toHaveLength(modes.length);
    expect(textOf(await mcpPost(grant, callOf("create_charge", { amount: 1 })))).toBe("done");
    expect(await stack.used(grant, "create_charge.spent")).toBe(String(modes.length + 1));
  });
});
