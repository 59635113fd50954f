import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { pool } from "@/lib/db/db.server";
import { expectFailure, type Want } from "@/lib/testing/failure-row";
import { startGatewayStack, type GatewayStack, type StackGrant } from "@/lib/testing/gateway-stack";
import { callOf, mcpPost, modern, textOf } from "@/lib/testing/mcp-post";
import { scriptedTools, startScriptedUpstream, type ScriptedUpstream } from "@/lib/testing/scripted-upstream";

// The failure table of docs/gateway.md: what the gateway's own store or the upstream does to a request that was allowed.

const policy = `
version: "1"
tools:
  create_charge:
    rules:
      - name: "spend"
        conditions: [{path: state.create_charge.spent, op: lte, value: 1000000}]
        state: {counter: spent, window: month, increment_from: args.amount}
`;

let upstream: ScriptedUpstream;
let stack: GatewayStack;

beforeAll(async () => {
  upstream = await startScriptedUpstream();
  const deadlines = { firstByteMs: 1_000, idleMs: 1_000, totalMs: 20_000 };
  stack = await startGatewayStack({ upstreamUrl: upstream.url, policy, tools: scriptedTools, deadlines });
});
afterAll(async () => {
  await stack.close();
  await upstream.close();
});
beforeEach(() => {
  upstream.reset();
});

const add = (more: { upstreamUrl?: string; policy?: string } = {}) =>
  stack.add({ upstreamUrl: upstream.url, policy, tools: scriptedTools, ...more });
const charge = (grant: StackGrant, headers: Record<string, string> = {}) =>
  mcpPost(grant, callOf("create_charge", { amount: 1 }), headers);
const read = (grant: StackGrant, headers: Record<string, string> = {}) =>
  mcpPost(grant, { jsonrpc: "2.0", id: 1, method: "resources/read", params: { uri: "a:b" } }, headers);

interface Situation {
  name: string;
  set: Partial<ScriptedUpstream>;
  url?: string;
  call: Want;
  other: Want;
}

const isVoid = { status: 200, prefix: "U", rule: "", logged: "allowed", outcome: "void" } as const;
const inDoubt = {
  status: 200,
  prefix: "U",
  rule: "",
  logged: "allowed",
  outcome: "in_doubt",
  mayHaveRun: true,
} as const;
const other = (status: number, reason: string, more: Partial<Want> = {}): Want => ({
  status,
  code: -31003,
  reason,
  rule: "",
  logged: "relayed",
  ...more,
});
const status = (code: number, more: Partial<ScriptedUpstream> = {}): Partial<ScriptedUpstream> => ({
  mode: "status",
  status: code,
  ...more,
});

const situations: Situation[] = [
  {
    name: "connection refused",
    set: {},
    url: "http://127.0.0.1:9/mcp",
    call: { ...isVoid, reason: "upstream_unreachable" },
    other: other(502, "upstream_unreachable"),
  },
  {
    name: "no such host",
    set: {},
    url: "http://no-such-host.invalid/mcp",
    call: { ...isVoid, reason: "upstream_unreachable" },
    other: other(502, "upstream_unreachable"),
  },
  {
    name: "address blocked",
    set: {},
    url: "http://169.254.169.254/latest",
    call: { ...isVoid, reason: "address_blocked" },
    other: other(502, "address_blocked"),
  },
  ...[401, 403].map((code) => ({
    name: `credential refused with ${String(code)}`,
    set: status(code),
    call: { ...isVoid, reason: "upstream_auth_required" },
    other: other(502, "upstream_auth_required"),
  })),
  {
    name: "the upstream's own limit, with its time",
    set: status(429, { statusHeaders: { "Retry-After": "7" } }),
    call: { ...isVoid, reason: "upstream_rate_limited", retryMs: [7_000, 7_000] },
    other: other(429, "upstream_rate_limited", { headers: { "retry-after": /^7$/ } }),
  },
  {
    name: "the upstream's own limit, without a time",
    set: status(429),
    call: { ...isVoid, reason: "upstream_rate_limited" },
    other: other(429, "upstream_rate_limited"),
  },
  ...[400, 404, 405, 406, 413, 415, 422].map((code) => ({
    name: `${String(code)} without a JSON-RPC body`,
    set: status(code),
    call: { ...isVoid, reason: "upstream_rejected" },
    other: other(code, "upstream_rejected"),
  })),
  ...[408, 409].map((code) => ({
    name: `${String(code)} without a JSON-RPC body`,
    set: status(code),
    call: { ...inDoubt, reason: "upstream_error" },
    other: other(code, "upstream_error"),
  })),
  ...[500, 502, 503].map((code) => ({
    name: `HTTP ${String(code)}`,
    set: status(code, { statusBody: '{"secret":"internal"}' }),
    call: { ...inDoubt, reason: "upstream_error" },
    other: other(502, "upstream_error"),
  })),
  {
    name: "a redirect",
    set: { mode: "redirect" },
    call: { ...inDoubt, reason: "upstream_error" },
    other: other(502, "upstream_error"),
  },
  {
    name: "a reset before the answer",
    set: { mode: "reset-after-commit" },
    call: { ...inDoubt, reason: "upstream_error" },
    other: other(502, "upstream_error"),
  },
  {
    name: "a reset in the answer",
    set: { mode: "reset-after" },
    call: { ...inDoubt, reason: "upstream_error" },
    other: other(502, "upstream_error"),
  },
  {
    name: "202 without an answer",
    set: status(202),
    call: { ...inDoubt, reason: "upstream_malformed" },
    other: other(502, "upstream_malformed"),
  },
  {
    name: "no first byte",
    set: { mode: "hang" },
    call: { ...inDoubt, reason: "upstream_timeout" },
    other: other(504, "upstream_timeout"),
  },
  {
    name: "silence in the answer",
    set: { mode: "stall" },
    call: { ...inDoubt, reason: "upstream_timeout" },
    other: other(504, "upstream_timeout"),
  },
  {
    name: "an answer that is too large",
    set: { mode: "bomb" },
    call: { ...inDoubt, reason: "upstream_too_large" },
    other: other(502, "upstream_too_large"),
  },
  {
    name: "half an answer",
    set: { mode: "garbage" },
    call: { ...inDoubt, reason: "upstream_malformed" },
    other: other(502, "upstream_malformed"),
  },
  {
    name: "an answer under another id",
    set: { mode: "wrong-id" },
    call: { ...inDoubt, reason: "upstream_malformed" },
    other: other(502, "upstream_malformed"),
  },
];

describe("failure table, upstream", () => {
  const cells = situations.flatMap((row) => [
    [row.name, "tools/call", row] as const,
    [row.name, "other", row] as const,
  ]);
  test.each(cells)("%s: %s", async (_name, column, { set, url, call, other: want }) => {
    Object.assign(upstream, { ...set, isWide: true });
    const grant = await add(url === undefined ? {} : { upstreamUrl: url });
    const isCall = column === "tools/call";
    const answer = await (isCall ? charge(grant) : read(grant));
    await expectFailure(stack, grant, answer, isCall ? call : want);
    if (!isCall) return;
    const outcome = (await stack.log(grant)).find(({ kind }) => kind === "outcome");
    expect(outcome?.outcome).toBe(call.outcome);
    expect(await stack.used(grant, "create_charge.spent")).toBe(call.mayHaveRun ? "1" : "0");
    expect(textOf(answer).includes("Do not repeat it blindly")).toBe(call.mayHaveRun ?? false);
    expect(textOf(answer).includes(answer.headers.get("policylayer-decision") ?? "?")).toBe(call.mayHaveRun ?? false);
  });

  test("breaker open: void at once with the time to wait, and 503 for other requests", async () => {
    Object.assign(upstream, { mode: "500", isWide: true });
    const failing = await add();
    for (let failure = 0; failure < 5; failure += 1) await charge(failing);
    const before = upstream.received.length;
    const [first, second] = [await stack.twin(failing, "a"), await stack.twin(failing, "b")];
    const retryMs = [1, 30_000] as const;
    await expectFailure(stack, first, await charge(first), { ...isVoid, reason: "circuit_open", retryMs });
    await expectFailure(stack, second, await read(second), other(503, "circuit_open", { retryMs }));
    expect(upstream.received.length).toBe(before);
    expect(await stack.used(first, "create_charge.spent")).toBe("0");
  });

  test.each(["tools/call", "other"])("4xx with a JSON-RPC body is relayed, status and bytes: %s", async (column) => {
    const statusBody = '{"jsonrpc":"2.0","id":1, "error":{"code":-32602,"message":"own words"}}';
    Object.assign(upstream, { mode: "status", status: 422, statusBody, isWide: true });
    const grant = await add();
    const answer = await (column === "tools/call" ? charge(grant) : read(grant));
    expect([answer.status, answer.text, answer.decision]).toEqual([422, statusBody, null]);
  });

  test.each(["tools/call", "other"])(
    "404 for a known session is relayed, so that the client begins again: %s",
    async (column) => {
      const grant = await add();
      const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } };
      const opened = await mcpPost(grant, { jsonrpc: "2.0", id: 0, method: "initialize", params });
      const session = {
        "Mcp-Session-Id": opened.headers.get("mcp-session-id") ?? "",
        "MCP-Protocol-Version": "2025-11-25",
      };
      Object.assign(upstream, { mode: "status", status: 404, isWide: true });
      const answer = await (column === "tools/call" ? charge(grant, session) : read(grant, session));
      expect([answer.status, answer.json.error?.code]).toEqual([404, -32001]);
    },
  );

  test("once an answer is streaming, the failure is the last event and the status stays 200", async () => {
    for (const era of ["legacy", "modern"] as const) {
      const grant = await add();
      upstream.mode = "sse-cut";
      const sent = modern("tools/call", { name: "create_charge", arguments: { amount: 1 } });
      const answer = era === "modern" ? await mcpPost(grant, sent.body, sent.headers) : await charge(grant);
      const last = answer.text.trim().split("\n\n").at(-1) ?? "";
      const { result } = JSON.parse(last.slice(last.indexOf("{"))) as typeof answer.json;
      expect(answer.status).toBe(200);
      expect(result?.resultType).toBe(era === "modern" ? "complete" : undefined);
      expect(result?.content?.[0]?.text).toMatch(/^\[POLICYLAYER UPSTREAM ERROR\] /);
      expect(result?._meta?.["policylayer/decision"]).toEqual({
        decision: "allow",
        rule: "",
        reason: "upstream_error",
        decisionId: answer.headers.get("policylayer-decision"),
        outcome: "in_doubt",
        mayHaveRun: true,
      });
    }
  });

  test("the upstream's own errors and error results are relayed unchanged, and allowed answers get no member of ours", async () => {
    for (const mode of ["ok", "is-error", "rpc-error"] as const) {
      upstream.mode = mode;
      const answer = await charge(await add());
      expect([mode, answer.status, answer.text.includes("policylayer")]).toEqual([mode, 200, false]);
    }
  });
});

describe("failure table, the gateway's own store", () => {
  const unavailable = { rule: "(unavailable)", reason: "ledger_unavailable" } as const;

  test("ledger not writable: denied with a time to come again, 503 for other requests, nothing forwarded", async () => {
    const grant = await add();
    await charge(grant);
    upstream.reset();
    await pool().query("ALTER TABLE decision_log RENAME TO decision_log_away");
    try {
      const call = await charge(grant);
      const part = { decision: "deny", ...unavailable, retryAfterMs: 1_000, decisionId: expect.any(String) as string };
      expect([call.status, textOf(call)]).toEqual([200, expect.stringMatching(/^\[POLICYLAYER POLICY DENIED\] /)]);
      expect(call.decision).toEqual(part);
      const second = await read(grant);
      expect([second.status, second.json.error?.code, second.headers.get("retry-after")]).toEqual([503, -31002, "1"]);
      expect(second.decision).toEqual(part);
      expect(upstream.received).toEqual([]);
    } finally {
      await pool().query("ALTER TABLE decision_log_away RENAME TO decision_log");
    }
    await expect.poll(async () => textOf(await charge(grant)), { timeout: 15_000 }).toBe("done");
  });

  test("an exception before sending: denied with `internal`, 500 for other requests, nothing forwarded", async () => {
    const grant = await add({ policy });
    await pool().query("UPDATE policy_version SET text = 'version: [' WHERE policy_id = $1", [grant.policyId]);
    const call = await charge(grant);
    expect([call.status, textOf(call)]).toEqual([200, expect.stringMatching(/^\[POLICYLAYER POLICY DENIED\] /)]);
    expect(call.decision).toMatchObject({ decision: "deny", reason: "internal", rule: "(internal)" });
    const second = await read(grant);
    expect([second.status, second.json.error?.code]).toEqual([500, -31002]);
    expect(upstream.received).toEqual([]);
  });

  test("the policy keeps changing: denied with a time to come again", async () => {
    const grant = await add();
    let isChanging = true;
    const changes = (async () => {
      while (isChanging) await pool().query(`UPDATE "grant" SET version = version + 1 WHERE id = $1`, [grant.grantId]);
    })();
    let answer = await charge(grant);
    for (let attempt = 0; attempt < 200 && answer.decision === null; attempt += 1) answer = await charge(grant);
    isChanging = false;
    await changes;
    expect(answer.decision).toMatchObject({
      decision: "deny",
      rule: "(policy changed)",
      reason: "policy_changed",
      retryAfterMs: 1_000,
    });
  });
});

test("failure table: a tool whose definition changed is denied", async () => {
  const grant = await add();
  await pool().query(
    "UPDATE server_tool SET definition = $2, digest = 'other' WHERE server_id = $1 AND name = 'create_charge'",
    [grant.serverId, JSON.stringify({ name: "create_charge", description: "other", inputSchema: { type: "object" } })],
  );
  await expectFailure(stack, grant, await charge(grant), {
    status: 200,
    prefix: "D",
    reason: "quarantined",
    rule: "(quarantined)",
  });
  expect(upstream.received).toEqual([]);
});
