import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startGatewayStack, type GatewayStack, type StackGrant } from "@/lib/testing/gateway-stack";
import { callOf, mcpPost, modern } from "@/lib/testing/mcp-post";
import { openStream } from "@/lib/testing/open-stream";
import { scriptedTools, startScriptedUpstream, type ScriptedUpstream } from "@/lib/testing/scripted-upstream";
import { sealSession } from "./session-envelope.server";

const policy = `
version: "1"
hide: [delete_customer]
tools:
  create_charge:
    rules:
      - name: "spend"
        conditions: [{path: state.create_charge.spent, op: lte, value: 1000000}]
        state: {counter: spent, window: month, increment_from: args.amount}
  create_refund:
    rules:
      - name: "count"
        rate_limit: 1000/month
  list_customers: {rules: []}
`;

let upstream: ScriptedUpstream;
let stack: GatewayStack;

beforeAll(async () => {
  upstream = await startScriptedUpstream();
  const deadlines = { totalMs: 3_000, keepAliveMs: 60 };
  stack = await startGatewayStack({ upstreamUrl: upstream.url, policy, tools: scriptedTools, deadlines });
});
afterAll(async () => {
  await stack.close();
  await upstream.close();
});
beforeEach(() => {
  upstream.reset();
});

const add = () => stack.add({ upstreamUrl: upstream.url, policy, tools: scriptedTools });
const sealed = (grant: StackGrant, session: string) =>
  sealSession(grant.grantId, grant.serverId, JSON.stringify([session, null, null]));
const outcomes = async (grant: StackGrant) =>
  (await stack.log(grant)).filter((row) => row.kind === "outcome").map((row) => row.outcome);

test("progress passes before the answer, byte for byte, and the call is settled by its answer", async () => {
  upstream.mode = "sse";
  const grant = await add();
  const stream = await openStream(grant, "POST", callOf("create_charge", { amount: 3 }, 5));
  expect(stream.response.headers.get("content-type")).toBe("text/event-stream");
  expect(stream.response.headers.get("policylayer-decision")).toMatch(/^[0-9a-f-]{36}$/);
  const first = await stream.until("half way");
  expect(first).toContain('"method":"notifications/progress"');
  expect(await outcomes(grant)).toEqual([]);
  upstream.release();
  const all = (await stream.until("done")).replaceAll(": keep-alive\n\n", "");
  const progress = {
    jsonrpc: "2.0",
    method: "notifications/progress",
    params: { progressToken: 5, progress: 1, message: "half way" },
  };
  const answer = { jsonrpc: "2.0", id: 5, result: { content: [{ type: "text", text: "done" }] } };
  expect(all).toBe(
    `event: message\ndata: ${JSON.stringify(progress)}\n\nevent: message\ndata: ${JSON.stringify(answer)}\n\n`,
  );
  await expect.poll(() => outcomes(grant)).toEqual(["posted"]);
});

test("a quiet stream gets comments that keep it open", async () => {
  upstream.mode = "sse";
  const stream = await openStream(await add(), "POST", callOf("create_refund", {}));
  expect(await stream.until("keep-alive")).toContain(": keep-alive\n\n");
  upstream.release();
  await stream.until("done");
});

test("a stream that ends without its answer gets the failure as its last event", async () => {
  upstream.mode = "sse-cut";
  const grant = await add();
  const stream = await openStream(grant, "POST", callOf("create_charge", { amount: 3 }));
  const text = await stream.until("UPSTREAM ERROR");
  expect(text).toContain('"reason":"upstream_error"');
  expect(text).toContain('"mayHaveRun":true');
  expect(await outcomes(grant)).toEqual(["in_doubt"]);
});

test("a stream that is silent for its whole time ends as a timeout", async () => {
  upstream.mode = "sse";
  const grant = await add();
  const stream = await openStream(grant, "POST", callOf("create_charge", { amount: 3 }));
  expect(await stream.until("UPSTREAM ERROR")).toContain('"reason":"upstream_timeout"');
  expect(await outcomes(grant)).toEqual(["in_doubt"]);
});

test("Q11 a legacy client that hangs up does not stop its call, which is settled by its real outcome", async () => {
  upstream.mode = "sse";
  const grant = await add();
  const stream = await openStream(grant, "POST", callOf("create_charge", { amount: 3 }));
  await stream.until("half way");
  stream.leave();
  upstream.release();
  await expect.poll(() => outcomes(grant)).toEqual(["posted"]);
  expect(await stack.used(grant, "create_charge.spent")).toBe("3");
});

test("Q11 a modern client that hangs up is never given its quota back, whichever limit it is", async () => {
  upstream.mode = "sse";
  const grant = await add();
  for (const name of ["create_refund", "create_charge"]) {
    const { body, headers } = modern("tools/call", { name, arguments: { amount: 3 } });
    const stream = await openStream(grant, "POST", body, headers);
    await stream.until("half way");
    stream.leave();
  }
  await expect.poll(() => outcomes(grant), { timeout: 5_000 }).toEqual(["posted", "in_doubt"]);
  expect(await stack.used(grant, "create_refund._rate_month")).toBe("1");
  expect(await stack.used(grant, "create_charge.spent")).toBe("3");
});

test("a modern client that hangs up on a call that no limit counts cancels it at the upstream", async () => {
  upstream.mode = "hang";
  const grant = await add();
  const { body, headers } = modern("tools/call", { name: "list_customers", arguments: {} });
  const leaving = new AbortController();
  const asked = fetch(grant.url, {
    method: "POST",
    headers: { Authorization: `Bearer ${grant.token}`, "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
    signal: leaving.signal,
  });
  await expect.poll(() => upstream.executed.length).toBe(1);
  leaving.abort();
  await expect(asked).rejects.toThrow();
  await expect.poll(() => outcomes(grant), { timeout: 2_500 }).toEqual(["posted"]);
  expect((await stack.log(grant)).at(-1)?.record).toContain('"reason":"cancelled"');
});

test("Q11 a call that its client cancelled is never given back either", async () => {
  upstream.mode = "hang";
  const grant = await add();
  const session = { "Mcp-Session-Id": sealed(grant, "s"), "MCP-Protocol-Version": "2025-11-25" };
  const running = mcpPost(grant, callOf("create_refund", {}, 9), session);
  await expect.poll(() => upstream.executed.length).toBe(1);
  const params = { requestId: 9, reason: "changed my mind" };
  const cancelled = { jsonrpc: "2.0", method: "notifications/cancelled", params };
  expect((await mcpPost(grant, cancelled, session)).status).toBe(202);
  // An upstream gives up on a cancelled call without an answer.
  upstream.dropWaiting();
  await running;
  expect(await stack.used(grant, "create_refund._rate_month")).toBe("1");
});

test("a listening stream is relayed, filtered, kept alive and closed when its grant is revoked", async () => {
  const grant = await add();
  const stream = await openStream(grant, "GET", null, { "Mcp-Session-Id": sealed(grant, "s"), "Last-Event-ID": "e7" });
  expect(stream.response.status).toBe(200);
  expect(upstream.received.at(-1)?.headers).toMatchObject({ "mcp-session-id": "s", "last-event-id": "e7" });
  upstream.push(
    'id: e8\ndata: {"jsonrpc":"2.0","id":4,"result":{"tools":[{"name":"delete_customer"},{"name":"list_customers","description":"list_customers","inputSchema":{"type":"object"}}]}}\n\n',
  );
  const text = await stream.until('"name":"list_customers"');
  expect(text).toContain(
    'id: e8\ndata: {"jsonrpc":"2.0","id":4,"result":{"tools":[{"name":"list_customers","description":"list_customers","inputSchema":{"type":"object"}}]}}\n\n',
  );
  await stream.until("keep-alive");
  const started = performance.now();
  await stack.revoke(grant);
  await stream.until("never");
  expect(performance.now() - started).toBeLessThan(1_500);
});

test("11-3 a call whose stream the upstream closed early is settled by the answer on the resumed stream", async () => {
  const grant = await add();
  upstream.mode = "sse-poll";
  const session = { "Mcp-Session-Id": sealed(grant, "s9"), "MCP-Protocol-Version": "2025-11-25" };
  const first = await openStream(grant, "POST", callOf("create_charge", { amount: 4 }, 31), session);
  expect(await first.until("never")).toContain("id: e1");
  expect(await outcomes(grant)).toEqual([]);
  const resumed = await openStream(grant, "GET", null, { ...session, "Last-Event-ID": "e1" });
  upstream.push('id: e2\ndata: {"jsonrpc":"2.0","id":31,"result":{"content":[]}}\n\n');
  await resumed.until('"id":31');
  await expect.poll(() => outcomes(grant)).toEqual(["posted"]);
  resumed.leave();
});

test("DELETE ends the session with the upstream's own answer", async () => {
  const response = await fetch(stack.url, {
    method: "DELETE",
    headers: { Authorization: `Bearer ${stack.token}`, "Mcp-Session-Id": sealed(stack, "s") },
  });
  expect(response.status).toBe(200);
  expect(upstream.received.at(-1)).toMatchObject({ method: "DELETE" });
});

test("a reader that stops reading slows the upstream down instead of filling memory", async () => {
  upstream.mode = "flood";
  const leaving = new AbortController();
  const headers = { Authorization: `Bearer ${stack.token}` };
  await fetch(stack.url, { headers, signal: leaving.signal });
  let last = 0;
  const isStill = () => {
    const before = last;
    last = upstream.flooded;
    return last > 0 && last === before;
  };
  await expect.poll(isStill, { interval: 100, timeout: 10_000 }).toBe(true);
  expect(upstream.flooded).toBeLessThan(32 * 1024 * 1024);
  leaving.abort();
});

test("a call's whole stream is capped, so that an agent cannot be drowned", async () => {
  upstream.mode = "flood";
  const stream = await openStream(stack, "POST", callOf("create_refund", {}));
  const text = await stream.until("UPSTREAM ERROR");
  expect(text.length).toBeLessThan(11 * 1024 * 1024);
  expect(text).toContain('"reason":"upstream_too_large"');
});
