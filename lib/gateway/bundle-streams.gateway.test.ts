import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { addMember, setPrefix } from "@/lib/bundles/bundles.server";
import { addBundle, definitionsOf, type StackBundle } from "@/lib/testing/bundle-stack";
import { startEverything, type EverythingServer } from "@/lib/testing/everything-server";
import { createServerRow, createSystemCtx } from "@/lib/testing/factories";
import { startGatewayStack, type GatewayStack } from "@/lib/testing/gateway-stack";
import { mcpPost, modern } from "@/lib/testing/mcp-post";
import { openStream, type OpenStream } from "@/lib/testing/open-stream";
import { scriptedTools, startScriptedUpstream, type ScriptedUpstream } from "@/lib/testing/scripted-upstream";

const open = `version: "1"\ndefault: allow\ntools: {}\n`;
const deaf = `version: "1"\ndefault: allow\ntools: {}\nmethods: { "sampling/createMessage": deny }\n`;

let stack: GatewayStack;
let a: ScriptedUpstream;
let b: ScriptedUpstream;
let everything: EverythingServer;
let bundle: StackBundle;
const streams: OpenStream[] = [];

beforeAll(async () => {
  [a, b, everything] = await Promise.all([startScriptedUpstream(), startScriptedUpstream(), startEverything()]);
  stack = await startGatewayStack({ upstreamUrl: a.url, policy: null, tools: [] });
});
afterAll(async () => {
  await stack.close();
  await Promise.all([a.close(), b.close(), everything.close()]);
});
beforeEach(async () => {
  a.reset();
  b.reset();
  bundle = await addBundle(stack, [
    { prefix: "a", upstreamUrl: a.url, policy: open, tools: scriptedTools },
    { prefix: "b", upstreamUrl: b.url, policy: deaf, tools: scriptedTools },
  ]);
});
afterEach(() => {
  for (const stream of streams.splice(0)) stream.leave();
});

async function start(): Promise<Record<string, string>> {
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } };
  const answer = await mcpPost(bundle, { jsonrpc: "2.0", id: 0, method: "initialize", params });
  return { "Mcp-Session-Id": answer.headers.get("mcp-session-id") ?? "", "MCP-Protocol-Version": "2025-11-25" };
}

async function listen(headers: Record<string, string>): Promise<OpenStream> {
  const stream = await openStream(bundle, "GET", null, headers);
  streams.push(stream);
  await stream.until(": open");
  return stream;
}

const getsOf = (upstream: ScriptedUpstream) => upstream.received.filter(({ method }) => method === "GET");
const note = (text: string) =>
  JSON.stringify({ jsonrpc: "2.0", method: "notifications/message", params: { data: text } });

test("one listening stream carries what both servers say, and is taken up at each where it was lost", async () => {
  const headers = await start();
  const stream = await listen(headers);
  await expect.poll(() => [getsOf(a).length, getsOf(b).length]).toEqual([1, 1]);
  a.push(`id: a7\ndata: ${note("from a")}\n\n`);
  await stream.until("from a");
  b.push(`id: b9\ndata: ${note("from b")}\n\n`);
  const text = await stream.until("from b");
  expect(text).not.toContain("id: a7");
  const last = [...text.matchAll(/^id: (.+)$/gm)].at(-1)?.[1] ?? "";
  stream.leave();
  await listen({ ...headers, "Last-Event-ID": last });
  await expect.poll(() => [getsOf(a).length, getsOf(b).length]).toEqual([2, 2]);
  const resumed = [a, b].map((upstream) => getsOf(upstream).at(-1)?.headers["last-event-id"]);
  expect(resumed).toEqual(["a7", "b9"]);
});

test("P10 what a server asks on the listening stream is answered to that server, unless its policy denies the asking", async () => {
  const headers = await start();
  const stream = await listen(headers);
  await expect.poll(() => [getsOf(a).length, getsOf(b).length]).toEqual([1, 1]);
  const ask = `{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"messages":[],"maxTokens":1}}`;
  b.push(`data: ${ask}\n\n`);
  await expect.poll(() => b.received.at(-1)?.body.toString() ?? "").toContain("-32601");
  a.push(`data: ${ask}\n\n`);
  const text = await stream.until("sampling/createMessage");
  expect(text.match(/sampling\/createMessage/g)).toHaveLength(1);
  expect(text).toContain(`"id":"a/1"`);
  b.received = [];
  const said = {
    jsonrpc: "2.0",
    id: "a/1",
    result: { role: "assistant", content: { type: "text", text: "x" }, model: "m" },
  };
  expect((await mcpPost(bundle, said, headers)).status).toBe(202);
  expect(JSON.parse(a.received.at(-1)?.body.toString() ?? "{}")).toEqual({ ...said, id: 1 });
  expect(b.received).toEqual([]);
  const nobody = await mcpPost(bundle, { ...said, id: "zz/1" }, headers);
  expect([nobody.status, b.received.length]).toEqual([202, 0]);
});

test("a change of the bundle itself is told on its listening stream; a revoked grant ends the stream within a second", async () => {
  const stream = await listen(await start());
  const ctx = await createSystemCtx(stack.orgId);
  await setPrefix(ctx, bundle.bundleId, bundle.at("b").serverId, { prefix: "c" });
  await stream.until("notifications/tools/list_changed");
  await stack.revoke(bundle);
  const endedAt = performance.now();
  await stream.until("never said");
  expect(performance.now() - endedAt).toBeLessThan(1_500);
});

test("a client that leaves the listening stream leaves it at every server", async () => {
  const stream = await listen(await start());
  await expect.poll(() => [getsOf(a).length, getsOf(b).length]).toEqual([1, 1]);
  stream.leave();
  a.push(": are you there\n\n");
  await expect.poll(() => [a.listeners(), b.listeners()]).toEqual([0, 0]);
});

test("2026-07-28: one acknowledgement comes first and says what any server will tell", async () => {
  const definitions = await definitionsOf(everything.url);
  const both = await addBundle(stack, [
    { prefix: "one", upstreamUrl: everything.url, policy: open, definitions },
    { prefix: "two", upstreamUrl: everything.url, policy: open, definitions },
  ]);
  const wanted = { toolsListChanged: true, promptsListChanged: true };
  const { body, headers } = modern("subscriptions/listen", { notifications: wanted }, "sub-1");
  const stream = await openStream(both, "POST", body, headers);
  streams.push(stream);
  const acknowledged = await stream.until("acknowledged");
  const first = JSON.parse(/data: (.*)\n/.exec(acknowledged)?.[1] ?? "{}") as { params?: { notifications?: object } };
  expect(first.params?.notifications).toEqual(wanted);
  const call = modern("tools/call", { name: "two__test_trigger_prompt_change", arguments: {} });
  await mcpPost(both, call.body, call.headers);
  const text = await stream.until("notifications/prompts/list_changed");
  expect(text.match(/acknowledged/g)).toHaveLength(1);
  const ctx = await createSystemCtx(stack.orgId);
  const serverId = await createServerRow(stack.orgId, { url: everything.url, definitions });
  await addMember(ctx, both.bundleId, { serverId, prefix: "three", policyId: null });
  expect(await stream.until("notifications/tools/list_changed")).toContain("tools/list_changed");
});

test("2026-07-28: a server that does not speak it sends the client back to the handshake, for all servers", async () => {
  const old = createServer((incoming, outgoing) => {
    incoming.resume().on("end", () => {
      outgoing.writeHead(404, { "Content-Type": "application/json" });
      outgoing.end(`{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Method not found"}}`);
    });
  });
  await new Promise<void>((resolve) => old.listen(0, "127.0.0.1", resolve));
  const oldUrl = `http://127.0.0.1:${String((old.address() as AddressInfo).port)}/mcp`;
  const mixed = await addBundle(stack, [
    { prefix: "one", upstreamUrl: everything.url, policy: open },
    { prefix: "old", upstreamUrl: oldUrl, policy: open },
  ]);
  const { body, headers } = modern("server/discover", {});
  const answer = await mcpPost(mixed, body, headers);
  expect([answer.status, answer.json.error?.code]).toEqual([404, -32601]);
  old.closeAllConnections();
  await new Promise((resolve) => old.close(resolve));
});

test("P8 a task is asked for at the server that has it, by the grant whose call started it alone", async () => {
  const definitions = await definitionsOf(everything.url);
  const make = () =>
    addBundle(stack, [
      { prefix: "one", upstreamUrl: a.url, policy: open, tools: scriptedTools },
      { prefix: "two", upstreamUrl: everything.url, policy: open, definitions },
    ]);
  const [mine, other] = [await make(), await make()];
  const ask = (grant: StackBundle, method: string, params: Record<string, unknown>, name: string) => {
    const { body, headers } = modern(method, params);
    const extensions = { "io.modelcontextprotocol/tasks": {} };
    const meta = { ...body.params._meta, "io.modelcontextprotocol/clientCapabilities": { extensions } };
    return mcpPost(grant, { ...body, params: { ...body.params, _meta: meta } }, { ...headers, "Mcp-Name": name });
  };
  const call = { name: "two__slow_compute", arguments: { seconds: 1 } };
  const started = await ask(mine, "tools/call", call, call.name);
  const taskId = String(started.json.result?.["taskId"]);
  a.received = [];
  expect((await ask(mine, "tasks/get", { taskId }, taskId)).json.result).toMatchObject({ taskId });
  expect((await ask(other, "tasks/get", { taskId }, taskId)).json.error?.message).toBe("Task not found");
  expect(a.received).toEqual([]);
});
