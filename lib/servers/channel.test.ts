import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { isAlive, newDiary, pidsIn, readDiary } from "@/lib/testing/diary";
import { startSseUpstream, type SseUpstream } from "@/lib/testing/sse-upstream";
import type { ChannelAnswer } from "./channel-answer.server";
import { ChannelTable, type ChannelLimits } from "./channel-table.server";
import type { Upstream } from "./lookup.server";

// Processes are started and killed for real, on whatever machine this is.
vi.setConfig({ testTimeout: 30_000 });
process.env["ALLOW_STDIO"] = "1";
process.env["STDIO_COMMANDS"] = "node,/no/such/program";

const root = path.resolve(import.meta.dirname, "../..");
const tables: ChannelTable[] = [];
afterEach(async () => {
  await Promise.all(tables.splice(0).map((table) => table.close()));
});
const open = (limits: Partial<ChannelLimits> = {}) => {
  const table = new ChannelTable(limits);
  tables.push(table);
  return table;
};

const stdio = (script: string, args: readonly string[], command = "node") =>
  upstreamOf({
    transport: "stdio",
    url: `stdio:${command}`,
    command,
    args: [path.join(root, "lib/testing", script), ...args],
  });
const overSse = (url: string) => upstreamOf({ transport: "sse", url, allowPrivateNetwork: true });

function upstreamOf(part: Partial<Upstream>): Upstream {
  return {
    id: "00000000-0000-4000-8000-000000000001" as Upstream["id"],
    orgId: "00000000-0000-4000-8000-000000000002" as Upstream["orgId"],
    name: "local",
    url: "",
    enabled: true,
    version: 1,
    allowPrivateNetwork: false,
    transport: "http",
    command: null,
    args: [],
    authMode: "static",
    timeouts: { connectMs: null, firstByteMs: null, idleMs: null, totalMs: null },
    forwardHeaders: [],
    caPem: null,
    drift: "enforce",
    elicitationGuard: true,
    elicitationHosts: [],
    tools: new Map(),
    hasHeaders: false,
    sealedHeaders: [],
    ...part,
  };
}

const rpc = (id: number, method: string, params: object = {}) => JSON.stringify({ jsonrpc: "2.0", id, method, params });
const initialize = rpc(1, "initialize", {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "t", version: "1" },
});
const request = (body: string | null, headers: Record<string, string> = {}, firstByteMs = 10_000) => ({
  method: "POST" as const,
  headers: { accept: "application/json, text/event-stream", ...headers },
  body: body === null ? null : Buffer.from(body),
  deadlines: { connectMs: 5_000, firstByteMs, idleMs: 10_000 },
});
const textOf = async (answer: ChannelAnswer) => {
  let text = "";
  for await (const chunk of answer.body) text += String(chunk);
  return text;
};
const begin = async (table: ChannelTable, upstream: Upstream) => {
  const answer = await table.open(upstream, request(initialize));
  const body = await textOf(answer);
  return { id: answer.headers["mcp-session-id"] ?? "", body, answer };
};

describe("processes that misbehave", () => {
  test("U7 one endless line ends the process, and the request breaks as too large", async () => {
    const diary = newDiary();
    const upstream = stdio("hostile-stdio.mjs", ["endless line", diary]);
    await expect(open().open(upstream, request(initialize))).rejects.toMatchObject({ code: "upstream_too_large" });
    await vi.waitFor(() => expect(pidsIn(diary, "start").some(isAlive)).toBe(false), 15_000);
  });

  test("U8 a process that never answers is given up after the first-byte time, and ends", async () => {
    const diary = newDiary();
    const upstream = stdio("hostile-stdio.mjs", ["silence", diary]);
    const asked = open().open(upstream, request(initialize, {}, 500));
    await expect(asked).rejects.toMatchObject({ code: "UND_ERR_HEADERS_TIMEOUT" });
    await vi.waitFor(() => expect(pidsIn(diary, "start").some(isAlive)).toBe(false), 15_000);
  });

  test("after a crash the next start waits within the connect time, and is refused without a start when that is too short", async () => {
    const diary = newDiary();
    const upstream = stdio("hostile-stdio.mjs", ["crash", diary]);
    const soon = open({ minMs: 50 });
    for (const times of [1, 2]) {
      await expect(soon.open(upstream, request(initialize))).rejects.toMatchObject({ code: "ECONNRESET" });
      expect(pidsIn(diary, "start")).toHaveLength(times);
    }
    const late = open({ minMs: 60_000, maxMs: 60_000 });
    await expect(late.open(upstream, request(initialize))).rejects.toMatchObject({ code: "ECONNRESET" });
    for (let i = 0; i < 4; i++) {
      await expect(late.open(upstream, request(initialize))).rejects.toMatchObject({ code: "upstream_unreachable" });
    }
    expect(pidsIn(diary, "start")).toHaveLength(3);
  });

  test("what is no message on its output is left out", async () => {
    const upstream = stdio("hostile-stdio.mjs", ["chatter", newDiary()]);
    const { id, body } = await begin(open(), upstream);
    expect(id).toMatch(/^[\w-]{43}$/);
    expect(JSON.parse(body)).toMatchObject({ id: 1, result: { serverInfo: { name: "x" } } });
  });

  test("an output of nothing but other lines ends the process", async () => {
    const diary = newDiary();
    const upstream = stdio("hostile-stdio.mjs", ["babble", diary]);
    await expect(open().open(upstream, request(initialize))).rejects.toMatchObject({ code: "upstream_malformed" });
    await vi.waitFor(() => expect(pidsIn(diary, "start").some(isAlive)).toBe(false), 15_000);
  });

  test("32 MiB on its error output neither stop it nor reach the client", async () => {
    const { body } = await begin(open(), stdio("hostile-stdio.mjs", ["stderr flood", newDiary()]));
    expect(JSON.parse(body)).toMatchObject({ id: 1, result: {} });
    expect(body).not.toContain("eee");
  });

  test("a process that ignores SIGTERM is killed", async () => {
    const diary = newDiary();
    const table = open();
    await begin(table, stdio("hostile-stdio.mjs", ["no SIGTERM", diary]));
    const [pid = 0] = pidsIn(diary, "start");
    expect(isAlive(pid)).toBe(true);
    await table.close();
    expect(isAlive(pid)).toBe(false);
    expect(readDiary(diary)).toContain("SIGTERM");
  });

  test("children of a process end with it", async () => {
    const diary = newDiary();
    const table = open();
    await begin(table, stdio("hostile-stdio.mjs", ["forks", diary]));
    const pids = [...pidsIn(diary, "start"), ...pidsIn(diary, "child")];
    expect(pids.map(isAlive)).toEqual([true, true]);
    await table.close();
    await vi.waitFor(() => expect(pids.map(isAlive)).toEqual([false, false]), 2_000);
  });

  test("P10 a process that dies in a call breaks that call and its session, and nobody else's", async () => {
    const table = open();
    const upstream = stdio("hostile-stdio.mjs", ["dies in a call", newDiary()]);
    const [one, other] = [await begin(table, upstream), await begin(table, upstream)];
    const call = request(rpc(2, "tools/call", { name: "x" }), { "mcp-session-id": one.id });
    await expect(table.open(upstream, call)).rejects.toMatchObject({ code: "ECONNRESET" });
    expect((await table.open(upstream, call)).status).toBe(404);
    const ping = { ...call, method: "GET" as const, body: null, headers: { "mcp-session-id": other.id } };
    const listening = await table.open(upstream, ping);
    expect(listening.status).toBe(200);
    listening.stop();
  });
});

test("processes end with the gateway even when it is killed", async () => {
  const diary = newDiary();
  const run = path.join(root, "lib/testing/stdio-owner-run.ts");
  const script = path.join(root, "lib/testing/hostile-stdio.mjs");
  const owner = spawn(
    process.execPath,
    ["--conditions=react-server", "--import", "tsx", run, process.execPath, script, "no SIGTERM", diary],
    { cwd: root, stdio: ["ignore", "pipe", "inherit"] },
  );
  await once(owner.stdout, "data");
  await vi.waitFor(() => expect(pidsIn(diary, "start")).toHaveLength(1), 15_000);
  const pids = [...pidsIn(diary, "start")];
  expect(pids.map(isAlive)).toEqual([true]);
  owner.kill("SIGKILL");
  await vi.waitFor(() => expect(pids.map(isAlive)).toEqual([false]), 15_000);
});

describe("sessions", () => {
  let upstream: SseUpstream;
  beforeAll(async () => {
    upstream = await startSseUpstream();
  });
  afterAll(() => upstream.close());
  const inSession = (id: string, body: string, headers: Record<string, string> = {}) =>
    request(body, { "mcp-session-id": id, ...headers });

  test("a client that takes only JSON gets the answer alone, and what came up waits for the listening stream", async () => {
    const table = open();
    const { id } = await begin(table, overSse(upstream.url));
    const call = inSession(id, rpc(2, "tools/call", { name: "log" }), { accept: "application/json" });
    const answer = await table.open(overSse(upstream.url), call);
    expect(answer.headers["content-type"]).toBe("application/json");
    expect(JSON.parse(await textOf(answer))).toMatchObject({ id: 2, result: { content: [{ text: "logged" }] } });
    const listening = await table.open(overSse(upstream.url), { ...call, method: "GET", body: null });
    const [first] = (await once(listening.body, "data")) as [Buffer];
    expect(String(first)).toMatch(/^event: message\ndata: .*"method":"notifications\/message".*\n\n$/);
    listening.stop();
  });

  test("messages pass byte for byte, and a stream ends with its answer", async () => {
    const table = open();
    const { id } = await begin(table, overSse(upstream.url));
    const call = rpc(2, "tools/call", { name: "progress", _meta: { progressToken: "t" } });
    const text = await textOf(await table.open(overSse(upstream.url), inSession(id, call)));
    const events = text.split("\n\n").filter(Boolean);
    expect(events).toHaveLength(4);
    expect(events[0]).toBe(
      `event: message\ndata: {"method":"notifications/progress","params":{"progressToken":"t","progress":1,"total":3},"jsonrpc":"2.0"}`,
    );
    expect(events[3]).toBe(
      `event: message\ndata: {"result":{"content":[{"type":"text","text":"done"}]},"jsonrpc":"2.0","id":2}`,
    );
  });

  test("P8 a session id is worth nothing at another server, after a change of the server, or after its end", async () => {
    const table = open();
    const here = overSse(upstream.url);
    const { id } = await begin(table, here);
    const ping = inSession(id, rpc(2, "ping"));
    const other = { ...here, id: "00000000-0000-4000-8000-000000000009" as Upstream["id"] };
    const changed = { ...here, sealedHeaders: [{ id: "h", name: "X", sealed: "s" }] };
    expect((await table.open(other, ping)).status).toBe(404);
    expect((await table.open(changed, ping)).status).toBe(404);
    expect((await table.open(here, ping)).status).toBe(200);
    expect((await table.open(here, { ...ping, method: "DELETE", body: null })).status).toBe(200);
    const after = await table.open(here, ping);
    expect([after.status, JSON.parse(await textOf(after))]).toMatchObject([404, { id: 2, error: { code: -32001 } }]);
    await vi.waitFor(() => expect(upstream.sessions.size).toBe(0), 15_000);
  });

  test("without a session only initialize is taken", async () => {
    for (const method of ["tools/list", "server/discover"]) {
      const answer = await open().open(overSse(upstream.url), request(rpc(5, method)));
      expect([answer.status, JSON.parse(await textOf(answer))]).toMatchObject([
        400,
        { id: 5, error: { code: -32600 } },
      ]);
    }
  });

  test("too many sessions are refused before anything is sent; one that has long been quiet gives way", async () => {
    const here = overSse(upstream.url);
    const strict = open({ perServer: { sse: 2, stdio: 1 } });
    const ids = [(await begin(strict, here)).id, (await begin(strict, here)).id];
    await expect(strict.open(here, request(initialize))).rejects.toMatchObject({ code: "upstream_unreachable" });
    expect((await strict.open(here, inSession(ids[0] ?? "", rpc(2, "ping")))).status).toBe(200);
    const yielding = open({ perServer: { sse: 1, stdio: 1 }, yieldMs: 0 });
    const first = await begin(yielding, here);
    const second = await begin(yielding, here);
    expect((await yielding.open(here, inSession(first.id, rpc(2, "ping")))).status).toBe(404);
    expect((await yielding.open(here, inSession(second.id, rpc(2, "ping")))).status).toBe(200);
  });

  test("a quiet session ends by itself, one with a listener does not", async () => {
    const here = overSse(upstream.url);
    const table = open({ quietMs: 100 });
    const [quiet, busy] = [await begin(table, here), await begin(table, here)];
    const get = { ...inSession(busy.id, ""), method: "GET" as const, body: null };
    const listening = await table.open(here, get);
    await vi.waitFor(() => expect(upstream.sessions.size).toBe(1), 15_000);
    expect((await table.open(here, inSession(quiet.id, rpc(2, "ping")))).status).toBe(404);
    expect((await table.open(here, inSession(busy.id, rpc(2, "ping")))).status).toBe(200);
    listening.stop();
  });

  test.each([401, 403, 405, 500])("the server's own refusal of the stream (%d) is the answer", async (status) => {
    upstream.status = status;
    const answer = await open().open(overSse(upstream.url), request(initialize));
    upstream.status = null;
    expect(answer.status).toBe(status);
    expect(answer.headers["mcp-session-id"]).toBeUndefined();
  });

  test("U1 an address of a closed class is refused before anything is sent", async () => {
    const here = { ...overSse(upstream.url), allowPrivateNetwork: false };
    const seen = upstream.seen.length;
    await expect(open().open(here, request(initialize))).rejects.toMatchObject({ code: "address_blocked" });
    const linkLocal = overSse("http://169.254.169.254/sse");
    await expect(open().open(linkLocal, request(initialize))).rejects.toMatchObject({ code: "address_blocked" });
    expect(upstream.seen).toHaveLength(seen);
  });

  test("a command that is not listed, or not there, is not started", async () => {
    for (const command of ["sh", "/no/such/program"]) {
      const started = open().open(stdio("stdio-upstream.mjs", [], command), request(initialize));
      await expect(started).rejects.toMatchObject({ code: "upstream_unreachable" });
    }
  });
});
