import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { egressRequest } from "@/lib/http/egress.server";
import { createServer, updateServer } from "@/lib/servers/servers.server";
import type { ServerPatch } from "@/lib/servers/schema";
import { createSystemCtx } from "@/lib/testing/factories";
import { startGatewayStack, type GatewayStack, type StackGrant } from "@/lib/testing/gateway-stack";
import { callOf, mcpPost, type McpResponse } from "@/lib/testing/mcp-post";
import {
  scriptedTools,
  startScriptedUpstream,
  type Mode,
  type ScriptedUpstream,
} from "@/lib/testing/scripted-upstream";
import { breakerState } from "./gateway.server";

const policy = `
version: "1"
tools:
  create_charge:
    rules:
      - name: "daily spend"
        conditions: [{path: state.create_charge.spent, op: lte, value: 1000000}]
        state: {counter: spent, window: month, increment_from: args.amount}
  list_customers:
    rules: []
`;
const secret = "sk-live/9f+canary==Qz";
const mib = 1024 * 1024;

let upstream: ScriptedUpstream;
let stack: GatewayStack;

beforeAll(async () => {
  upstream = await startScriptedUpstream();
  const deadlines = { streamIdleMs: 300 };
  stack = await startGatewayStack({ upstreamUrl: upstream.url, policy, tools: scriptedTools, deadlines });
});
afterAll(async () => {
  await stack.close();
  await upstream.close();
});
beforeEach(() => {
  upstream.reset();
});

/** A server of its own, so that breakers and settings of one test are none of another's. */
async function fresh(settings: ServerPatch = {}, headers: Record<string, string> = {}): Promise<StackGrant> {
  const grant = await stack.add({ upstreamUrl: upstream.url, policy, tools: scriptedTools, headers });
  if (Object.keys(settings).length > 0) await set(grant, settings);
  return grant;
}

async function set(grant: StackGrant, settings: ServerPatch): Promise<void> {
  await updateServer(await createSystemCtx(stack.orgId), grant.serverId, settings);
}

function charge(grant: StackGrant, mode: Mode): Promise<McpResponse> {
  upstream.mode = mode;
  return mcpPost(grant, callOf("create_charge", { amount: 1 }));
}

/** How much the process grew at its largest while `work` ran, in bytes. */
async function growthOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5);
  await work();
  clearInterval(timer);
  return Math.max(most, process.memoryUsage.rss()) - before;
}

const hosts = [
  ..."127.0.0.1 127.1 127.255.255.254 10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1 169.254.169.254".split(
    " ",
  ),
  ..."100.64.0.1 100.127.255.255 0.0.0.0 0 255.255.255.255 224.0.0.1 192.0.2.1 198.18.0.1 240.0.0.1 [::1] [::]".split(
    " ",
  ),
  ..."[fc00::1] [fd12:3456::1] [fe80::1] [ff02::1] [::ffff:127.0.0.1] [::ffff:a00:1] [::ffff:a9fe:a9fe]".split(" "),
  ..."[64:ff9b::7f00:1] [64:ff9b::a9fe:a9fe] [::127.0.0.1] [2001:db8::1] localhost localhost. LOCALHOST".split(" "),
  ..."2130706433 0x7f000001 017700000001 0x7f.0.0.1 0177.0.0.1 ①②⑦.⓪.⓪.① 127。0。0。1".split(" "),
];

test.each(hosts)("U1 %s is refused when saved and when connected to", async (host) => {
  const url = `https://${host}:8443/mcp`;
  const ctx = await createSystemCtx(stack.orgId);
  const saved = createServer(ctx, { name: `at ${host}`, url, allowPrivateNetwork: false, headers: [] });
  await expect(saved).rejects.toMatchObject({
    code: "invalid_input",
    issues: [{ path: "url", code: "address_blocked" }],
  });
  const request = { url, method: "POST", headers: {}, allowPrivateNetwork: false } as const;
  const connected = egressRequest({ ...request, headersTimeoutMs: 1000, bodyTimeoutMs: 1000 });
  await expect(connected).rejects.toMatchObject({ code: "address_blocked" });
});

test.each(["169.254.169.254", "[fe80::1]", "[::ffff:a9fe:a9fe]", "0.0.0.0", "224.0.0.1"])(
  "U1 the private switch never opens %s",
  async (host) => {
    const ctx = await createSystemCtx(stack.orgId);
    const url = `http://${host}/mcp`;
    const saved = createServer(ctx, { name: `at ${host}`, url, allowPrivateNetwork: true, headers: [] });
    await expect(saved).rejects.toMatchObject({ code: "invalid_input" });
    const request = { url, method: "POST", headers: {}, allowPrivateNetwork: true } as const;
    const connected = egressRequest({ ...request, headersTimeoutMs: 1000, bodyTimeoutMs: 1000 });
    await expect(connected).rejects.toMatchObject({ code: "address_blocked" });
  },
);

test("U6 a client's own upstream token opens nothing and goes nowhere, nor does its grant token", async () => {
  const grant = await fresh({}, { Authorization: `Bearer ${secret}` });
  const body = callOf("create_charge", { amount: 1 });
  expect((await mcpPost({ ...grant, token: secret }, body)).status).toBe(401);
  expect(upstream.received).toEqual([]);
  upstream.mode = "ok";
  await mcpPost(grant, body, { "X-Api-Key": secret, Cookie: secret, "Proxy-Authorization": secret });
  expect(upstream.received[0]?.headers.authorization).toBe(`Bearer ${secret}`);
  expect(JSON.stringify(upstream.received[0]?.rawHeaders)).not.toContain(grant.token);
  expect(upstream.received[0]?.rawHeaders.filter((line) => line.includes(secret))).toHaveLength(1);
});

test.each(["gzip", "deflate", "br"])("U7 a %s bomb ends at 10 MiB, unknown, with little memory", async (encoding) => {
  const grant = await fresh();
  upstream.encoding = encoding;
  await charge(grant, "bomb");
  const answers: McpResponse[] = [];
  const growth = await growthOf(async () => answers.push(await charge(grant, "bomb")));
  expect(answers[0]?.decision).toMatchObject({ reason: "upstream_too_large", outcome: "in_doubt", mayHaveRun: true });
  expect(growth).toBeLessThan(50 * mib);
});

test.each(["gzip, gzip", "br, gzip", "zstd"])("U7 the encoding %s is not unpacked at all", async (encoding) => {
  upstream.encoding = encoding;
  const answer = await charge(await fresh(), "bomb");
  expect(answer.decision).toMatchObject({ reason: "upstream_malformed", mayHaveRun: true });
});

const endless: [what: string, mode: Mode][] = [
  ["H7 events without end", "flood"],
  ["H7 one event without end and without a line break", "endless-event"],
  ["U7 one JSON value without end", "endless-json"],
];

test.each(endless)("%s: stopped at 10 MiB, unknown, with little memory", async (_, mode) => {
  const grant = await fresh();
  await charge(grant, mode);
  upstream.flooded = 0;
  const answers: McpResponse[] = [];
  const growth = await growthOf(async () => answers.push(await charge(grant, mode)));
  expect(answers[0]?.text).toContain("upstream_too_large");
  expect(answers[0]?.text).toContain('"mayHaveRun":true');
  // What the sockets between hold comes on top of what was taken.
  expect(upstream.flooded).toBeLessThan(24 * mib);
  // Client, upstream and gateway are one process here, and the client keeps the whole answer.
  expect(growth).toBeLessThan(100 * mib);
});

test("H7 more than 10,000 events are too many for one call, however small", async () => {
  const event = "data:\n\n";
  const grant = await fresh();
  upstream.mode = "status";
  const statusHeaders = { "Content-Type": "text/event-stream" };
  Object.assign(upstream, { status: 200, statusBody: event.repeat(10_001), statusHeaders });
  const answer = await mcpPost(grant, callOf("create_charge", { amount: 1 }));
  expect(answer.text).toContain("upstream_too_large");
});

const silent: [what: string, mode: Mode, settings: ServerPatch][] = [
  ["no header", "hang", { timeouts: { firstByteMs: 200 } }],
  ["silence in the body", "stall", { timeouts: { idleMs: 200 } }],
  ["a byte now and then", "trickle", { timeouts: { idleMs: 5_000, totalMs: 600 } }],
];

test.each(silent)("U8 the server's own time is up: %s", async (_, mode, settings) => {
  const grant = await fresh(settings);
  upstream.delayMs = 50;
  const answer = await charge(grant, mode);
  expect(answer.decision).toMatchObject({ reason: "upstream_timeout", outcome: "in_doubt", mayHaveRun: true });
  expect(upstream.executed).toHaveLength(1);
});

test("U8 200 hanging calls of one server take nothing from another server of the same origin", async () => {
  const first = await fresh();
  const grants = [first, ...(await Promise.all([1, 2, 3].map((n) => stack.twin(first, `twin ${String(n)}`))))];
  const quick = await fresh();
  upstream.mode = "hang";
  let ended = 0;
  const hanging = Array.from({ length: 200 }, async (_, i) => {
    await mcpPost(grants[i % 4] ?? first, callOf("list_customers", {}, i));
    ended += 1;
  });
  await expect.poll(() => upstream.executed.length, { timeout: 30_000 }).toBe(200);
  upstream.mode = "ok";
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) => mcpPost(quick, callOf("list_customers", {}, i))),
  );
  expect(answers.every((answer) => answer.json.result?.content?.[0]?.text === "done")).toBe(true);
  expect(ended).toBe(0);
  upstream.release();
  await Promise.all(hanging);
});

const failing: [what: string, mode: Mode, settings: ServerPatch][] = [
  ["5xx", "500", {}],
  ["timeouts before the answer", "hang", { timeouts: { firstByteMs: 100 } }],
  ["timeouts in the answer", "stall", { timeouts: { idleMs: 100 } }],
];

test.each(failing)(
  "U9 five failures in a row open the breaker, and nothing is ever sent twice: %s",
  async (_, mode, settings) => {
    const grant = await fresh(settings);
    for (let call = 0; call < 5; call++) await charge(grant, mode);
    expect(upstream.executed).toHaveLength(5);
    const used = await stack.used(grant, "create_charge.spent");
    const kept = await charge(grant, "ok");
    expect(kept.decision).toMatchObject({ decision: "allow", reason: "circuit_open", outcome: "void" });
    expect(kept.decision?.["retryAfterMs"]).toBeGreaterThan(20_000);
    expect(kept.decision?.["mayHaveRun"]).toBeUndefined();
    expect(await stack.used(grant, "create_charge.spent")).toBe(used);
    const list = await mcpPost(grant, { jsonrpc: "2.0", id: 2, method: "tools/list" });
    expect([list.status, list.json.error?.code, list.decision?.["reason"]]).toEqual([503, -31003, "circuit_open"]);
    expect(Number(list.headers.get("retry-after"))).toBeGreaterThan(20);
    expect(upstream.executed).toHaveLength(5);
    expect(breakerState(grant.serverId).name).toBe("open");
  },
);

test("U9 connections that are refused open the breaker; saved settings close it", async () => {
  const closed = await startScriptedUpstream();
  const grant = await stack.add({ upstreamUrl: closed.url, policy, tools: scriptedTools });
  await closed.close();
  const reasons: unknown[] = [];
  for (let call = 0; call < 6; call++) {
    reasons.push((await mcpPost(grant, callOf("list_customers", {}))).decision?.["reason"]);
  }
  expect(reasons).toEqual([...Array.from({ length: 5 }, () => "upstream_unreachable"), "circuit_open"]);
  await set(grant, { timeouts: { connectMs: 1_000 } });
  const answer = await mcpPost(grant, callOf("list_customers", {}));
  expect(answer.decision?.["reason"]).toBe("upstream_unreachable");
});

test("U9 answers that are no failure of the upstream keep it closed, and one server's breaker is not another's", async () => {
  const [grant, other] = [await fresh(), await fresh()];
  upstream.status = 422;
  for (let round = 0; round < 7; round++) await charge(grant, round % 2 === 0 ? "status" : "is-error");
  for (let call = 0; call < 5; call++) await charge(other, "500");
  expect([breakerState(grant.serverId).name, breakerState(other.serverId).name]).toEqual(["closed", "open"]);
  expect((await charge(grant, "ok")).json.result?.isError).toBeUndefined();
});

test("U9 listening streams that the upstream lets fall silent are no failures of it", async () => {
  const grant = await fresh();
  const headers = { Authorization: `Bearer ${grant.token}`, Accept: "text/event-stream" };
  const streams = Array.from({ length: 6 }, () => fetch(grant.url, { headers }).then((answer) => answer.text()));
  await Promise.all(streams);
  expect(breakerState(grant.serverId).name).toBe("closed");
});

const echoes: [what: string, mode: Mode][] = [
  ["a result, content and structuredContent", "echo-headers"],
  ["an event stream, events and their ids", "sse-echo"],
];

test.each(echoes)("U11 our credential is cut from %s", async (_, mode) => {
  const grant = await fresh({}, { Authorization: `Bearer ${secret}`, "X-Api-Key": "canary-key-1234" });
  const answer = await charge(grant, mode);
  expect(upstream.received.at(-1)?.headers.authorization).toBe(`Bearer ${secret}`);
  expect(answer.text).toContain("[redacted]");
  for (const part of [secret, "canary", encodeURIComponent(secret)]) expect(answer.text).not.toContain(part);
  expect((await stack.log(grant)).map(({ record }) => record).join()).not.toContain("canary");
});

test("U11 our credential is cut from error texts, of calls and of other requests", async () => {
  const grant = await fresh({}, { Authorization: `Bearer ${secret}` });
  const basic = Buffer.from(`x:${secret}`).toString("base64");
  const message = `401 for ${secret} (${basic}, ${encodeURIComponent(secret)})`;
  const statusBody = JSON.stringify({ jsonrpc: "2.0", id: 1, error: { code: -32602, message } });
  Object.assign(upstream, { status: 422, statusBody });
  const call = await charge(grant, "status");
  expect([call.status, call.json.error?.message]).toEqual([422, expect.stringMatching(/^401 for \[redacted\] \(/)]);
  upstream.otherResult = JSON.stringify({ text: message });
  const other = await mcpPost(grant, { jsonrpc: "2.0", id: 1, method: "prompts/list" });
  for (const { text } of [call, other]) {
    expect(text).toContain("[redacted]");
    for (const part of ["canary", basic, encodeURIComponent(secret)]) expect(text).not.toContain(part);
  }
  expect((await stack.log(grant)).map(({ record }) => record).join()).not.toContain("canary");
});

test("U11 an answer without our credential comes byte for byte", async () => {
  const grant = await fresh({}, { Authorization: `Bearer ${secret}` });
  const statusBody = '{"jsonrpc":"2.0", "id":1 ,"error":{"code":-32602,"message":"own \\u0077ords"}}';
  Object.assign(upstream, { status: 422, statusBody });
  expect((await charge(grant, "status")).text).toBe(statusBody);
});

test("H9 headers that an admin lists are passed on, and only those", async () => {
  const grant = await fresh({ forwardHeaders: ["x-tenant", "x-trace", "x-hop"] }, { "X-Trace": "ours" });
  const client = {
    "X-Tenant": "blue",
    "X-Trace": "theirs",
    "X-Other": "no",
    "X-Hop": "no",
    Connection: "X-Hop, close",
  };
  const { port, pathname } = new URL(grant.url);
  const body = JSON.stringify(callOf("list_customers", {}));
  const lines = { Authorization: `Bearer ${grant.token}`, "Content-Type": "application/json" };
  // fetch sends no Connection line of ours.
  await new Promise<void>((resolve, reject) => {
    const sent = httpRequest({ port, path: pathname, method: "POST", headers: { ...lines, ...client } }, (answer) => {
      answer.resume().on("end", resolve);
    });
    sent.on("error", reject).end(body);
  });
  const seen = upstream.received[0]?.headers ?? {};
  expect([seen["x-tenant"], seen["x-trace"], seen["x-other"], seen["x-hop"]]).toEqual([
    "blue",
    "ours",
    undefined,
    undefined,
  ]);
});

test("H5 64 MiB in chunks are refused at the cap, and memory stays flat", async () => {
  const grant = await fresh();
  const chunk = new Uint8Array(65_536).fill(0x20);
  let left = 1_024;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      left -= 1;
      if (left < 0) controller.close();
      else controller.enqueue(chunk);
    },
  });
  const headers = { Authorization: `Bearer ${grant.token}`, "Content-Type": "application/json" };
  const status: (number | string)[] = [];
  const growth = await growthOf(async () => {
    const sent = fetch(grant.url, { method: "POST", headers, body, duplex: "half" } as RequestInit);
    status.push(await sent.then((answer) => answer.status).catch(() => "cut"));
  });
  expect([413, "cut"]).toContain(status[0]);
  expect(upstream.received).toEqual([]);
  expect(growth).toBeLessThan(32 * mib);
});
