import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { ChannelAnswer } from "./channel-answer.server";
import { ChannelTable, type ChannelLimits } from "./channel-table.server";
import type { Upstream } from "./lookup.server";

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

const newDiary = () => path.join(mkdtempSync(path.join(tmpdir(), "policylayer-diary-")), "diary");
const readDiary = (file: string): string[] => {
  try {
    return readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "");
  } catch {
    return [];
  }
};
const pidsIn = (file: string, word: string) =>
  readDiary(file)
    .filter((line) => line.startsWith(`${word} `))
    .map((line) => Number(line.split(" ")[1]));
const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return !/\) Z /.test(readFileSync(`/proc/${String(pid)}/stat`, "utf8"));
  } catch {
    return false;
  }
};

function stdio(script: string, args: readonly string[], command = "node"): Upstream {
  return {
    id: "00000000-0000-4000-8000-000000000001" as Upstream["id"],
    orgId: "00000000-0000-4000-8000-000000000002" as Upstream["orgId"],
    name: "local",
    url: `stdio:${command}`,
    enabled: true,
    version: 1,
    allowPrivateNetwork: false,
    transport: "stdio",
    command,
    args: [path.join(root, "lib/testing", script), ...args],
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
  } as Upstream;
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
  deadlines: { connectMs: 500, firstByteMs, idleMs: 10_000 },
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
  test("one endless line ends the process, and the request breaks as too large", async () => {
    const diary = newDiary();
    const upstream = stdio("hostile-stdio.mjs", ["endless line", diary]);
    await expect(open().open(upstream, request(initialize))).rejects.toMatchObject({ code: "upstream_too_large" });
    await vi.waitFor(() => expect(pidsIn(diary, "start").some(isAlive)).toBe(false), 5_000);
  });

  test("a process that never answers is given up after the first-byte time, and ends", async () => {
    const diary = newDiary();
    const upstream = stdio("hostile-stdio.mjs", ["silence", diary]);
    const asked = open().open(upstream, request(initialize, {}, 500));
    await expect(asked).rejects.toMatchObject({ code: "UND_ERR_HEADERS_TIMEOUT" });
    await vi.waitFor(() => expect(pidsIn(diary, "start").some(isAlive)).toBe(false), 5_000);
  });

  test("a process that keeps crashing is started again only after a growing wait", async () => {
    const diary = newDiary();
    const upstream = stdio("hostile-stdio.mjs", ["crash", diary]);
    const table = open({ minMs: 400, maxMs: 60_000 });
    const failures: unknown[] = [];
    for (let i = 0; i < 5; i++)
      await table.open(upstream, request(initialize)).catch((error: unknown) => failures.push(error));
    // The second waited 400 ms of the 500 that a connection may take; the third would have waited 800.
    expect(pidsIn(diary, "start")).toHaveLength(2);
    expect(failures.slice(0, 2)).toMatchObject([{ code: "ECONNRESET" }, { code: "ECONNRESET" }]);
    expect(failures.slice(2)).toMatchObject(Array.from({ length: 3 }, () => ({ code: "upstream_unreachable" })));
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
    await vi.waitFor(() => expect(pidsIn(diary, "start").some(isAlive)).toBe(false), 5_000);
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
