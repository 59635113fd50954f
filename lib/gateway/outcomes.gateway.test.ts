import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startGatewayStack, type GatewayStack } from "@/lib/testing/gateway-stack";
import { callOf, mcpPost, textOf } from "@/lib/testing/mcp-post";
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
      - name: "daily spend"
        conditions: [{path: state.create_charge.spent, op: lte, value: 1000000}]
        state: {counter: spent, window: month, increment_from: args.amount}
  create_refund:
    rules:
      - name: "refund count"
        rate_limit: 1000/month
  list_customers:
    rules: []
`;

let upstream: ScriptedUpstream;
let stack: GatewayStack;

beforeAll(async () => {
  upstream = await startScriptedUpstream();
  const deadlines = { firstByteMs: 300, idleMs: 300, totalMs: 900 };
  stack = await startGatewayStack({ upstreamUrl: upstream.url, policy, tools: scriptedTools, deadlines });
});
afterAll(async () => {
  await stack.close();
  await upstream.close();
});
beforeEach(() => {
  upstream.reset();
});

interface Row {
  name: string;
  mode: Mode;
  set?: Partial<ScriptedUpstream>;
  /** Of a call on a money limit, and of one on a plain count. */
  money: string;
  count: string;
  reason: string | null;
  text?: RegExp;
  mayHaveRun?: boolean;
}

const rows: Row[] = [
  { name: "a result is posted", mode: "ok", money: "posted", count: "posted", reason: null },
  { name: "isError gives the quota back", mode: "is-error", money: "void", count: "void", reason: null },
  {
    name: "a JSON-RPC error that says the call was not run gives it back",
    mode: "rpc-error",
    set: { rpcCode: -32602 },
    money: "void",
    count: "void",
    reason: null,
  },
  {
    name: "URL elicitation required gives it back",
    mode: "rpc-error",
    set: { rpcCode: -32042 },
    money: "void",
    count: "void",
    reason: null,
  },
  { name: "any other JSON-RPC error is unknown", mode: "rpc-error", money: "in_doubt", count: "void", reason: null },
  ...([400, 404, 405, 406, 413, 415, 422] as const).map((status): Row => ({
    name: `HTTP ${String(status)} without a JSON-RPC body gives it back`,
    mode: "status",
    set: { status },
    money: "void",
    count: "void",
    reason: "upstream_rejected",
  })),
  ...([401, 403] as const).map((status): Row => ({
    name: `HTTP ${String(status)} is a refused credential`,
    mode: "status",
    set: { status },
    money: "void",
    count: "void",
    reason: "upstream_auth_required",
  })),
  {
    name: "HTTP 429 is the upstream's own limit",
    mode: "status",
    set: { status: 429 },
    money: "void",
    count: "void",
    reason: "upstream_rate_limited",
  },
  ...([408, 409, 500, 503] as const).map((status): Row => ({
    name: `HTTP ${String(status)} is unknown`,
    mode: "status",
    set: { status },
    money: "in_doubt",
    count: "void",
    reason: "upstream_error",
    mayHaveRun: true,
  })),
  {
    name: "202 without an answer is unknown",
    mode: "status",
    set: { status: 202 },
    money: "in_doubt",
    count: "void",
    reason: "upstream_malformed",
    mayHaveRun: true,
  },
  {
    name: "a redirect is unknown",
    mode: "redirect",
    money: "in_doubt",
    count: "void",
    reason: "upstream_error",
    mayHaveRun: true,
  },
  {
    name: "a reset is unknown",
    mode: "reset-before",
    money: "in_doubt",
    count: "void",
    reason: "upstream_error",
    mayHaveRun: true,
  },
  {
    name: "a reset in the answer is unknown",
    mode: "reset-after",
    money: "in_doubt",
    count: "void",
    reason: "upstream_error",
    mayHaveRun: true,
  },
  {
    name: "a cut answer is unknown",
    mode: "garbage",
    money: "in_doubt",
    count: "void",
    reason: "upstream_malformed",
    mayHaveRun: true,
  },
  {
    name: "an answer to another id is unknown",
    mode: "wrong-id",
    money: "in_doubt",
    count: "void",
    reason: "upstream_malformed",
    mayHaveRun: true,
  },
  {
    name: "no first byte in time is unknown",
    mode: "hang",
    money: "in_doubt",
    count: "void",
    reason: "upstream_timeout",
    mayHaveRun: true,
  },
  {
    name: "silence in the answer is unknown",
    mode: "stall",
    money: "in_doubt",
    count: "void",
    reason: "upstream_timeout",
    mayHaveRun: true,
  },
];

test.each(rows)("P11 outcome table: $name", async ({ mode, set, money, count, reason, mayHaveRun }) => {
  Object.assign(upstream, { ...set, mode });
  const before = Number(await stack.used(stack, "create_charge.spent"));
  const charged = await mcpPost(stack, callOf("create_charge", { amount: 7 }));
  const refunded = await mcpPost(stack, callOf("create_refund", {}));
  const log = await stack.log(stack);
  for (const [response, state] of [
    [charged, money],
    [refunded, count],
  ] as const) {
    const decisionId = response.headers.get("policylayer-decision");
    const own = log.filter((row) => row.decisionId === decisionId);
    expect(own.map((row) => row.kind)).toEqual(["decision", "outcome"]);
    expect(own[0]).toMatchObject({ decision: "allow" });
    expect(own[1]?.outcome).toBe(state);
    if (reason === null) {
      expect(response.decision).toBeNull();
      continue;
    }
    expect(response.status).toBe(200);
    expect(response.json.result?.isError).toBe(true);
    expect(textOf(response)).toMatch(/^\[POLICYLAYER UPSTREAM ERROR\] /);
    expect(textOf(response)).not.toMatch(/secret|trace/);
    expect(response.decision).toMatchObject({ decision: "allow", reason, decisionId });
    expect(response.decision?.["mayHaveRun"] ?? false).toBe(mayHaveRun ?? false);
    if (mayHaveRun) expect(textOf(response)).toContain(decisionId);
  }
  const after = Number(await stack.used(stack, "create_charge.spent"));
  expect(after - before).toBe(money === "void" ? 0 : 7);
});

test("an upstream that refuses connections costs nothing", async () => {
  const away = await stack.add({ upstreamUrl: "http://127.0.0.1:9/mcp", policy, tools: scriptedTools });
  const response = await mcpPost(away, callOf("create_charge", { amount: 5 }));
  expect(response.decision).toMatchObject({ reason: "upstream_unreachable", outcome: "void" });
  expect(await stack.used(away, "create_charge.spent")).toBe("0");
});

test("U1 an address that is not allowed is not connected to, and costs nothing", async () => {
  const away = await stack.add({ upstreamUrl: "http://169.254.169.254/latest", policy, tools: scriptedTools });
  const response = await mcpPost(away, callOf("create_charge", { amount: 5 }));
  expect(response.decision).toMatchObject({ reason: "address_blocked", outcome: "void" });
  expect(await stack.used(away, "create_charge.spent")).toBe("0");
});

test("an upstream's JSON-RPC answer with a 4xx status is relayed with status and body", async () => {
  const statusBody = '{"jsonrpc":"2.0","id":1, "error":{"code":-32602,"message":"own words"}}';
  Object.assign(upstream, { mode: "status", status: 422, statusBody });
  const response = await mcpPost(stack, callOf("create_charge", { amount: 1 }));
  expect(response.status).toBe(422);
  expect(response.text).toBe(statusBody);
});

test("U3 a redirect is never followed and the credential goes nowhere else", async () => {
  const other = await startScriptedUpstream();
  Object.assign(upstream, { mode: "redirect", location: other.url });
  const secret = await stack.add({
    upstreamUrl: upstream.url,
    policy,
    tools: scriptedTools,
    headers: { "X-Api-Key": "sk-1" },
  });
  await mcpPost(secret, callOf("create_charge", { amount: 1 }));
  expect(upstream.received.at(-1)?.headers["x-api-key"]).toBe("sk-1");
  expect(other.received).toEqual([]);
  await other.close();
});
