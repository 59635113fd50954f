import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startGatewayStack, type GatewayStack } from "@/lib/testing/gateway-stack";
import { callOf, mcpPost, modern, type McpResponse } from "@/lib/testing/mcp-post";
import { scriptedTools, startScriptedUpstream, type ScriptedUpstream } from "@/lib/testing/scripted-upstream";

const policy = `
version: "1"
tools:
  create_charge:
    rules:
      - name: "max"
        conditions: [{path: args.amount, op: lte, value: 50000}]
  list_customers: {rules: []}
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

const both = `
version: "1"
hide: [delete_customer]
methods: {"resources/*": deny}
tools:
  create_charge:
    rules:
      - name: "max"
        conditions: [{path: args.amount, op: lte, value: 50000}]
        on_deny: "At most 50000"
      - name: "spend"
        limit: {sum: args.amount, max: 60000, window: month}
  list_customers: {rules: []}
`;

/** What of an answer must not depend on the era. */
function sameInBoth({ status, json, decision }: McpResponse) {
  const { retryAfterMs, ...rest } = decision ?? {};
  const { content, isError } = json.result ?? {};
  return {
    status,
    content,
    isError,
    error: json.error && { ...json.error, data: null },
    decision: { ...rest, decisionId: "" },
    hasRetry: retryAfterMs !== undefined,
  };
}

test("P1 both eras get the same decision for the same request; a modern result says that it is complete", async () => {
  const add = () => stack.add({ upstreamUrl: upstream.url, policy: both, tools: scriptedTools });
  const [oldGrant, newGrant] = [await add(), await add()];
  const call = (name: string, args: unknown) => ["tools/call", { name, arguments: args }] as const;
  for (const [method, params] of [
    call("list_customers", {}),
    call("create_charge", { amount: 1 }),
    call("create_charge", { amount: 60_000 }),
    call("create_charge", { amount: "1" }),
    call("create_charge", {}),
    call("create_charge", { amount: -1 }),
    call("create_charge", { Amount: 1 }),
    call("create_charge", { amount: 40_000 }),
    call("create_charge", { amount: 30_000 }),
    call("create_refund", {}),
    call("delete_customer", {}),
    call("no_such_tool", {}),
    ["resources/read", { uri: "a:b" }] as const,
  ]) {
    const old = await mcpPost(oldGrant, { jsonrpc: "2.0", id: 1, method, params });
    const { body, headers } = modern(method, params);
    const now = await mcpPost(newGrant, body, headers);
    expect([params, sameInBoth(now)]).toEqual([params, sameInBoth(old)]);
    expect(old.json.result?.resultType).toBeUndefined();
    expect(now.json.result?.resultType).toBe(now.json.result?.isError ? "complete" : undefined);
  }
});

test("H9 only the allow-list of headers reaches the upstream, with the credential of the server", async () => {
  const grant = await stack.add({
    upstreamUrl: upstream.url,
    policy,
    tools: scriptedTools,
    headers: { Authorization: "Bearer upstream-secret" },
  });
  await mcpPost(grant, callOf("create_charge", { amount: 1 }), {
    Cookie: "a=b",
    Referer: "http://x.example/",
    "X-Forwarded-For": "1.2.3.4",
    Forwarded: "for=1.2.3.4",
    "Proxy-Authorization": "Basic x",
    "X-Middleware-Subrequest": "x",
    "X-Nextjs-Data": "1",
    "X-Api-Key": "mine",
    "Accept-Encoding": "gzip",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "Last-Event-ID": "e1",
    "MCP-Protocol-Version": "2025-11-25",
  });
  const seen = upstream.received.at(-1)?.headers ?? {};
  expect({ ...seen, host: "", "content-length": "" }).toEqual({
    host: "",
    connection: "keep-alive",
    "content-type": "application/json",
    "content-length": "",
    accept: "application/json, text/event-stream",
    "accept-encoding": "identity",
    "user-agent": expect.stringMatching(/^policylayer\//) as string,
    authorization: "Bearer upstream-secret",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "last-event-id": "e1",
    "mcp-protocol-version": "2025-11-25",
  });
});

test("H11 private headers of the upstream never reach the client", async () => {
  upstream.mode = "hostile-headers";
  const { headers } = await mcpPost(stack, callOf("create_charge", { amount: 1 }));
  for (const name of ["set-cookie", "content-security-policy", "location", "x-internal", "www-authenticate"]) {
    expect(headers.get(name)).toBeNull();
  }
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("cache-control")).toBe("no-store");
  expect(headers.get("policylayer-decision")).toMatch(/^[0-9a-f-]{36}$/);
});

test("H5 bodies over the cap, compressed or of another type are refused", async () => {
  const big = "x".repeat(1024 * 1024 + 1);
  expect((await mcpPost(stack, big)).status).toBe(413);
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      controller.enqueue(new Uint8Array(65_536).fill(0x20));
    },
  });
  const headers = { Authorization: `Bearer ${stack.token}`, "Content-Type": "application/json" };
  const streamed = await fetch(stack.url, {
    method: "POST",
    headers,
    body: endless,
    duplex: "half",
  } as RequestInit).then(
    (response) => response.status,
    // The gateway may close the connection on a client that goes on sending.
    () => 413,
  );
  expect(streamed).toBe(413);
  const body = JSON.stringify(callOf("create_charge", { amount: 1 }));
  expect((await mcpPost(stack, body, { "Content-Encoding": "gzip" })).status).toBe(415);
  expect((await mcpPost(stack, body, { "Content-Type": "text/plain" })).status).toBe(415);
  expect((await mcpPost(stack, body, { "Content-Type": "application/json; charset=utf-8" })).status).toBe(200);
  expect(upstream.received).toHaveLength(1);
});
