import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startGatewayStack, type GatewayStack, type StackGrant } from "@/lib/testing/gateway-stack";
import { callOf, mcpPost, modern } from "@/lib/testing/mcp-post";
import { scriptedTools, startScriptedUpstream, type ScriptedUpstream } from "@/lib/testing/scripted-upstream";

const policy = `
version: "1"
tools:
  create_charge: {rules: []}
`;

const forNamed = `
version: "1"
tools:
  create_charge:
    rules:
      - name: "known clients"
        conditions: [{path: client.name, op: eq, value: "claude-desktop"}]
`;

let upstream: ScriptedUpstream;
let stack: GatewayStack;

beforeAll(async () => {
  upstream = await startScriptedUpstream();
  stack = await startGatewayStack({ upstreamUrl: upstream.url, policy, tools: scriptedTools });
});
afterAll(async () => {
  await stack.close();
  await upstream.close();
});
beforeEach(() => {
  upstream.reset();
});

const initialize = { jsonrpc: "2.0", id: 1, method: "initialize", params: { protocolVersion: "2025-11-25" } };
const version = { "MCP-Protocol-Version": "2025-11-25" };
const begin = async (grant: StackGrant) => (await mcpPost(grant, initialize)).headers.get("mcp-session-id") ?? "none";

test("a session's id never leaves as the upstream's own, and comes back to it as it was", async () => {
  const session = await begin(stack);
  expect(session).toMatch(/^v\d+\.[A-Za-z0-9_-]{40,}$/);
  const answer = await mcpPost(stack, callOf("create_charge", {}), { ...version, "Mcp-Session-Id": session });
  expect(answer.status).toBe(200);
  expect(upstream.received.at(-1)?.headers["mcp-session-id"]).toBe("session-1");
  const listening = new AbortController();
  const headers = { Authorization: `Bearer ${stack.token}`, ...version, "Mcp-Session-Id": session };
  const stream = await fetch(stack.url, { headers, signal: listening.signal });
  expect(stream.status).toBe(200);
  expect(upstream.received.at(-1)).toMatchObject({ method: "GET", headers: { "mcp-session-id": "session-1" } });
  listening.abort();
});

test("P8 a session of another grant, of another server, altered or made up is unknown, and nothing is forwarded", async () => {
  const other = await stack.twin(stack, "other");
  const elsewhere = await stack.add({ upstreamUrl: upstream.url, policy, tools: scriptedTools });
  const session = await begin(stack);
  const at = session.length - 10;
  const altered = session.slice(0, at) + (session[at] === "A" ? "B" : "A") + session.slice(at + 1);
  upstream.reset();
  const attempts: [StackGrant, string][] = [
    [other, session],
    [elsewhere, session],
    [stack, altered],
    [stack, "session-1"],
    [stack, `v9.${session.slice(3)}`],
  ];
  for (const [grant, id] of attempts) {
    const headers = { ...version, "Mcp-Session-Id": id };
    const call = await mcpPost(grant, callOf("create_charge", {}), headers);
    expect([call.status, call.json.error?.code, call.json.id]).toEqual([404, -32001, 1]);
    for (const method of ["GET", "DELETE"]) {
      const response = await fetch(grant.url, {
        method,
        headers: { Authorization: `Bearer ${grant.token}`, ...headers },
      });
      expect(response.status).toBe(404);
    }
  }
  expect(upstream.received).toEqual([]);
  const rows = await stack.log(elsewhere);
  expect(rows.map((row) => [row.decision, row.rule, row.reason])).toEqual([
    ["deny", "(session)", "session"],
    ["deny", "(session)", "session"],
    ["deny", "(session)", "session"],
  ]);
});

test("a request of 2026-07-28 has no session: an id that it sends is not forwarded", async () => {
  const { body, headers } = modern("tools/call", { name: "create_charge", arguments: {} });
  const answer = await mcpPost(stack, body, { ...headers, "Mcp-Session-Id": "session-1" });
  expect(answer.status).toBe(200);
  expect(upstream.received.at(-1)?.headers["mcp-session-id"]).toBeUndefined();
});

test("who the client is, which it says once, stays with its session: in the log and for the policy", async () => {
  const grant = await stack.add({ upstreamUrl: upstream.url, policy: forNamed, tools: scriptedTools });
  const clientInfo = { name: "claude-desktop", version: "1.4" };
  const params = { protocolVersion: "2025-11-25", clientInfo };
  const opened = await mcpPost(grant, { jsonrpc: "2.0", id: 1, method: "initialize", params });
  const session = opened.headers.get("mcp-session-id") ?? "";
  const inSession = await mcpPost(grant, callOf("create_charge", {}), { ...version, "Mcp-Session-Id": session });
  expect(inSession.json.result?.isError).toBeUndefined();
  expect((await mcpPost(grant, callOf("create_charge", {}), version)).json.result?.isError).toBe(true);
  const calls = (await stack.log(grant)).filter((row) => row.tool === "create_charge");
  expect(calls.map((row) => row.record).at(0)).toContain('"name":"claude-desktop","version":"1.4"');
});
