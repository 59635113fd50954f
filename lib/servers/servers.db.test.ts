import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { prisma } from "@/lib/db/db.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { createGrantRow, createMember, createOrg } from "@/lib/testing/factories";
import { openTestHouse, type TestHouse } from "@/lib/testing/house";
import { startMcpFake, type FakeMode, type McpFake } from "@/lib/testing/mcp-fake";
import {
  createServer,
  deleteServer,
  findUpstream,
  getServer,
  learnTools,
  listServers,
  listTools,
  removeHeader,
  scanServer,
  setHeader,
  updateServer,
  upstreamHeaders,
} from "./servers.server";

let house: TestHouse;
let admin: Ctx;
let other: Ctx;
const fakes: McpFake[] = [];

beforeAll(async () => {
  house = await openTestHouse();
  admin = await createMember(await createOrg(), "admin");
  other = await createMember(await createOrg(), "admin");
});
afterEach(async () => {
  await Promise.all(fakes.splice(0).map((fake) => fake.close()));
});
afterAll(() => house.close());

async function fake(mode: Partial<FakeMode> = {}): Promise<McpFake> {
  const started = await startMcpFake(mode);
  fakes.push(started);
  return started;
}

let count = 0;
function input(url: string) {
  count += 1;
  return { name: `server ${String(count)}`, url, allowPrivateNetwork: true, headers: [] };
}

const tool = (name: string, more = "") => `{"name":"${name}"${more},"inputSchema":{"type":"object"}}`;
const names = async (id: string) => (await listTools(admin, id)).filter((item) => !item.gone).map((item) => item.name);

test("creating a server scans it at once, all pages, over JSON and over event streams", async () => {
  for (const sse of [false, true]) {
    const upstream = await fake({ sse, pages: [`[${tool("b")},${tool("a")}]`, "[]", `[${tool("c")}]`] });
    const server = await createServer(admin, input(upstream.url));
    expect(server).toMatchObject({
      toolCount: 3,
      lastScanError: null,
      mcpUrl: `http://localhost:4999/mcp/${server.id}`,
    });
    expect(await names(server.id)).toEqual(["a", "b", "c"]);
    const lists = upstream.seen.filter((item) => item.rpc === "tools/list");
    expect(lists.map((item) => item.headers["mcp-protocol-version"])).toEqual([
      "2025-06-18",
      "2025-06-18",
      "2025-06-18",
    ]);
    expect(upstream.seen.map((item) => item.rpc).slice(0, 2)).toEqual(["initialize", "notifications/initialized"]);
  }
});

test("a server that speaks only 2026-07-28 is scanned without a session", async () => {
  const upstream = await fake({ era: "modern" });
  const server = await createServer(admin, input(upstream.url));
  expect(server.toolCount).toBe(1);
  expect(upstream.seen.at(-1)?.headers).toMatchObject({
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/list",
  });
});

test("definitions are kept as they came, exact numbers included, and parameters are shown required first", async () => {
  const text = `{"name": "pay", "title":"Pay", "inputSchema":{"properties":{"note":{"type":["string","null"]},"amount":{"type":"integer","maximum":9007199254740993,"description":"Cents"}},"required":["amount"]}, "x":1.10}`;
  const upstream = await fake({ pages: [`[${text}]`] });
  const server = await createServer(admin, input(upstream.url));
  const row = await prisma().serverTool.findFirstOrThrow({ where: { serverId: server.id } });
  expect(row.definition).toBe(text);
  expect(row.digest).toMatch(/^[0-9a-f]{64}$/);
  const [shown] = await listTools(admin, server.id);
  expect(shown).toMatchObject({
    title: "Pay",
    parameters: [
      { name: "amount", type: "integer", required: true, description: "Cents" },
      { name: "note", type: "string | null", required: false, description: "" },
    ],
  });
});

test("a rescan marks what is gone, what changed and what came back, and the version rises with each change", async () => {
  const upstream = await fake({ pages: [`[${tool("a")},${tool("b")}]`] });
  const { id } = await createServer(admin, input(upstream.url));
  const version = async () => (await findUpstream(id))?.version;
  const first = await version();
  upstream.mode.pages = [`[${tool("a", ',"description":"new"')},${tool("c")}]`];
  expect(await scanServer(admin, id)).toEqual({ added: 1, changed: 1, gone: 1, total: 2, accepted: 0 });
  expect(await version()).toBe((first ?? 0) + 1);
  expect([...((await findUpstream(id))?.tools.keys() ?? [])]).toEqual(["a"]);
  upstream.mode.pages = [`[${tool("a")},${tool("c")}]`];
  expect(await scanServer(admin, id)).toEqual({ added: 0, changed: 1, gone: 0, total: 2, accepted: 0 });
  expect(await version()).toBe((first ?? 0) + 2);
  expect(await scanServer(admin, id)).toEqual({ added: 0, changed: 0, gone: 0, total: 2, accepted: 0 });
  expect(await version()).toBe((first ?? 0) + 2);
  upstream.mode.pages = [`[${tool("a")},${tool("b")},${tool("c")}]`];
  expect(await scanServer(admin, id)).toEqual({ added: 1, changed: 0, gone: 0, total: 3, accepted: 0 });
});

test.each([
  ["page 2 fails", { failPage: 2 }, "tools/list page 2: the server answered HTTP 500"],
  ["no credential", { status: 401 }, "initialize: the server asks for a credential"],
  ["not MCP", { status: 404 }, "tools/list page 1: the server answered HTTP 404"],
  ["too large", { paddingBytes: 11_000_000 }, "initialize: the answer is larger than 10 MiB"],
  ["one tool twice", { pages: [`[${tool("a")},${tool("a")}]`] }, "tools/list page 1: one tool is listed twice"],
  ["a redirect", { redirectTo: "http://127.0.0.1:1/" }, "tools/list page 1: the server answered HTTP 307"],
  ["no list", { pages: ["{}"] }, "tools/list page 1: the answer is not an MCP tool list"],
] satisfies [string, Partial<FakeMode>, string][])(
  "a scan that fails (%s) replaces nothing and says at which step",
  async (_, mode, error) => {
    const upstream = await fake({ pages: [`[${tool("a")}]`, `[${tool("b")}]`] });
    const { id } = await createServer(admin, input(upstream.url));
    Object.assign(upstream.mode, mode);
    await expect(scanServer(admin, id)).rejects.toMatchObject({ code: "scan_failed" });
    expect(await getServer(admin, id)).toMatchObject({ toolCount: 2, lastScanError: error });
    expect(await names(id)).toEqual(["a", "b"]);
  },
);

test("a failing first scan does not undo the creation", async () => {
  const upstream = await fake();
  await upstream.close();
  fakes.splice(0);
  const server = await createServer(admin, input(upstream.url));
  expect(server).toMatchObject({ toolCount: 0, lastScanError: "initialize: the server could not be reached" });
});

test("U1 a private address is refused at save, with the way out, unless the switch is on", async () => {
  const upstream = await fake();
  for (const url of [upstream.url, "http://169.254.169.254/mcp", "https://10.0.0.1/mcp", "https://[::1]/mcp"]) {
    const refused = createServer(admin, { ...input(url), allowPrivateNetwork: false });
    await expect(refused).rejects.toMatchObject({
      code: "invalid_input",
      issues: [{ path: "url", code: "address_blocked", fix: expect.stringContaining("private networks") as string }],
    });
  }
  const metadata = createServer(admin, input("http://169.254.169.254/mcp"));
  await expect(metadata).rejects.toMatchObject({ code: "invalid_input" });
  const { id } = await createServer(admin, input(upstream.url));
  await expect(updateServer(admin, id, { allowPrivateNetwork: false })).rejects.toMatchObject({
    code: "invalid_input",
  });
});

test("U1 the database's own port stays closed even with the switch on", async () => {
  const { port } = new URL(house.url);
  const refused = createServer(admin, input(`http://127.0.0.1:${port}/mcp`));
  await expect(refused).rejects.toMatchObject({ code: "invalid_input", issues: [{ code: "address_blocked" }] });
});

test("N4 V5 header values are stored sealed, sent to the upstream, and never shown", async () => {
  const upstream = await fake();
  const headers = [{ name: "Authorization", value: "Bearer canary-7c1f" }];
  const server = await createServer(admin, { ...input(upstream.url), headers });
  expect(upstream.seen[0]?.headers.authorization).toBe("Bearer canary-7c1f");
  expect(server.headerNames).toEqual(["Authorization"]);
  expect(JSON.stringify([server, await listServers(admin)])).not.toContain("canary");
  const rows = await prisma().serverHeader.findMany({ where: { serverId: server.id } });
  const audit = await prisma().adminAudit.findMany({ where: { orgId: admin.orgId } });
  expect(JSON.stringify(rows) + audit.map((row) => row.record).join()).not.toContain("canary");
  const found = await findUpstream(server.id);
  expect(found && upstreamHeaders(found)).toEqual({ Authorization: "Bearer canary-7c1f" });
});

test("a header is replaced whatever its case, and removed; the gateway's next look-up has it", async () => {
  const upstream = await fake();
  const { id } = await createServer(admin, input(upstream.url));
  const opened = async () => {
    const found = await findUpstream(id);
    return found && upstreamHeaders(found);
  };
  await setHeader(admin, id, { name: "X-Key_1", value: "one" });
  await setHeader(admin, id, { name: "xAkeyB1", value: "kept" });
  await setHeader(admin, id, { name: "x-key_1", value: "two" });
  expect(await opened()).toEqual({ "x-key_1": "two", xAkeyB1: "kept" });
  expect((await removeHeader(admin, id, "X-KEY_1")).headerNames).toEqual(["xAkeyB1"]);
  expect(await opened()).toEqual({ xAkeyB1: "kept" });
  await expect(removeHeader(admin, id, "x-key_1")).rejects.toMatchObject({ code: "not_found" });
});

test("a new URL takes all tools out before the new server is scanned", async () => {
  const first = await fake({ pages: [`[${tool("old")}]`] });
  const second = await fake({ status: 500 });
  const { id } = await createServer(admin, input(first.url));
  await updateServer(admin, id, { url: second.url, enabled: false });
  expect(await names(id)).toEqual([]);
  expect(await findUpstream(id)).toMatchObject({ url: second.url, enabled: false, tools: new Map() });
  second.mode.status = null;
  expect(await scanServer(admin, id)).toMatchObject({ added: 1, total: 1 });
});

test("V5 a new origin drops the static headers, so that no credential follows to another host; a new path keeps them", async () => {
  const first = await fake();
  const second = await fake();
  const headers = [{ name: "Authorization", value: "Bearer canary" }];
  const { id } = await createServer(admin, { ...input(first.url), headers });
  expect((await updateServer(admin, id, { url: `${first.url}/v2` })).headerNames).toEqual(["Authorization"]);
  expect((await updateServer(admin, id, { url: second.url })).headerNames).toEqual([]);
  expect(first.seen.at(-1)?.headers.authorization).toBe("Bearer canary");
  expect(second.seen.length).toBeGreaterThan(0);
  expect(second.seen.every((item) => item.headers.authorization === undefined)).toBe(true);
});

test("a relayed list teaches the catalogue once, and an unreadable one teaches nothing", async () => {
  const upstream = await fake({ pages: [`[${tool("a")}]`] });
  const { id } = await createServer(admin, input(upstream.url));
  learnTools(id, [tool("a"), `{"title":"no name"}`]);
  learnTools(id, [tool("a"), tool("b")]);
  await expect.poll(() => names(id)).toEqual(["a", "b"]);
  // Nobody accepted it yet, so it cannot be called.
  expect((await findUpstream(id))?.tools.has("b")).toBe(false);
});

test("a relayed list that lacks a tool takes nothing away: a server may show one client less, and a scan decides", async () => {
  const upstream = await fake({ pages: [`[${tool("a")},${tool("b")}]`] });
  const { id } = await createServer(admin, input(upstream.url));
  const scans = () => upstream.seen.filter((item) => item.rpc === "tools/list").length;
  const before = scans();
  learnTools(id, [tool("a")]);
  await expect.poll(scans).toBeGreaterThan(before);
  expect(await names(id)).toEqual(["a", "b"]);
  expect([...((await findUpstream(id))?.tools.keys() ?? [])]).toEqual(["a", "b"]);
});

test("A5 another organisation's server does not exist for anyone but its own members", async () => {
  const upstream = await fake();
  const { id } = await createServer(admin, input(upstream.url));
  const notFound = { code: "not_found" };
  await expect(getServer(other, id)).rejects.toMatchObject(notFound);
  await expect(listTools(other, id)).rejects.toMatchObject(notFound);
  await expect(scanServer(other, id)).rejects.toMatchObject(notFound);
  await expect(updateServer(other, id, { name: "mine" })).rejects.toMatchObject(notFound);
  await expect(setHeader(other, id, { name: "x", value: "y" })).rejects.toMatchObject(notFound);
  await expect(deleteServer(other, id)).rejects.toMatchObject(notFound);
  expect(await listServers(other)).toEqual([]);
  expect((await getServer(admin, id)).headerNames).toEqual([]);
});

test("a name is used once per organisation, and a server with working grants cannot be deleted", async () => {
  const upstream = await fake();
  const one = await createServer(admin, input(upstream.url));
  await expect(createServer(admin, { ...input(upstream.url), name: one.name })).rejects.toMatchObject({
    code: "name_taken",
  });
  const two = await createServer(admin, input(upstream.url));
  await expect(updateServer(admin, two.id, { name: one.name })).rejects.toMatchObject({ code: "name_taken" });
  await createGrantRow(admin.orgId, { serverId: one.id });
  await expect(deleteServer(admin, one.id)).rejects.toMatchObject({ code: "in_use" });
  await prisma().grant.updateMany({ where: { serverId: one.id }, data: { revokedAt: new Date() } });
  await deleteServer(admin, one.id);
  expect(await findUpstream(one.id)).toBeNull();
});

test("C39 each change leaves exactly one audit row of its organisation", async () => {
  const upstream = await fake();
  const { id } = await createServer(admin, input(upstream.url));
  await setHeader(admin, id, { name: "x", value: "y" });
  await removeHeader(admin, id, "x");
  await updateServer(admin, id, { enabled: false });
  await deleteServer(admin, id);
  const rows = await prisma().adminAudit.findMany({ where: { object: `server:${id}` }, orderBy: { seq: "asc" } });
  expect(rows.map((row) => row.action)).toEqual([
    "server.create",
    "server.scan",
    "server.header.set",
    "server.header.remove",
    "server.update",
    "server.delete",
  ]);
  expect(rows.every((row) => row.orgId === admin.orgId && row.actorId !== null)).toBe(true);
});
