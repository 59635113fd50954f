import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { prisma } from "@/lib/db/db.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { createMember, createOrg, createServerRow } from "@/lib/testing/factories";
import { openTestHouse, type TestHouse } from "@/lib/testing/house";
import { startMcpFake, type FakeMode, type McpFake } from "@/lib/testing/mcp-fake";
import { loadUpstream } from "./lookup.server";
import { decideTools, findUpstream, getReview, getServer, listTools, overrideTool, scanServer } from "./servers.server";

let house: TestHouse;
let admin: Ctx;
let author: Ctx;
let viewer: Ctx;
let other: Ctx;
let id = "";
const fakes: McpFake[] = [];

beforeAll(async () => {
  house = await openTestHouse();
  const orgId = await createOrg();
  admin = await createMember(orgId, "admin");
  author = await createMember(orgId, "policy_manager");
  viewer = await createMember(orgId, "viewer");
  other = await createMember(await createOrg(), "admin");
});
beforeEach(async () => {
  id = await createServerRow(admin.orgId, { tools: ["get_row", "delete_row"] });
});
afterEach(async () => {
  await Promise.all(fakes.splice(0).map((fake) => fake.close()));
});
afterAll(() => house.close());

async function scanned(mode: Partial<FakeMode>): Promise<McpFake> {
  const fake = await startMcpFake(mode);
  fakes.push(fake);
  await prisma().server.updateMany({ where: { id, orgId: admin.orgId }, data: { url: fake.url } });
  // Nothing was ever accepted, so that this scan is the server's first one.
  const where = { serverId: id, orgId: admin.orgId };
  await prisma().serverTool.updateMany({ where, data: { acceptedDefinition: null, acceptedDigest: null } });
  await scanServer(admin, id);
  return fake;
}

const definition = (name: string) => {
  const properties = Object.fromEntries(
    ["id", "amount", "note", "limit", "cursor"].map((key) => [
      key,
      { type: "string", description: `The ${key}. `.repeat(8) },
    ]),
  );
  return JSON.stringify({
    name,
    description: `Works on ${name}. `.repeat(12),
    annotations: { readOnlyHint: false, title: name },
    inputSchema: { type: "object", properties, required: ["id"] },
  });
};
const pagesOf = (count: number, size: number) =>
  Array.from({ length: count / size }, (_, page) => {
    const tools = Array.from({ length: size }, (__, at) => definition(`create_item_${String(page * size + at)}`));
    return `[${tools.join(",")}]`;
  });
const live = async () => (await listTools(admin, id)).filter((tool) => !tool.gone).map((tool) => tool.name);
const classOf = async (name: string) => (await findUpstream(id))?.tools.get(name);

describe("what is scanned", () => {
  test.each([
    ["JSON", { sse: false }],
    ["event streams", { sse: true }],
    ["JSON of 2026-07-28", { sse: false, era: "modern" }],
    ["event streams of 2026-07-28", { sse: true, era: "modern" }],
  ] satisfies [string, Partial<FakeMode>][])("500 tools in 5 pages are read over %s", async (_, mode) => {
    await scanned({ ...mode, pages: pagesOf(500, 100) });
    expect(await live()).toHaveLength(500);
    expect((await findUpstream(id))?.tools.size).toBe(500);
    expect(await getServer(admin, id)).toMatchObject({ toolCount: 500, lastScanError: null });
  });

  test.each([
    ["HTTP 500", "status", "the server answered HTTP 500"],
    ["a JSON-RPC error", "error", "JSON-RPC error -32603"],
    ["an event stream without an answer", "silence", "the answer is not an MCP tool list"],
    ["a cut connection", "cut", "the connection broke"],
  ] satisfies [string, FakeMode["failAs"], string][])(
    "a third page that fails with %s replaces nothing",
    async (_, failAs, words) => {
      const fake = await scanned({ pages: pagesOf(40, 10) });
      const before = await listTools(admin, id);
      const version = (await findUpstream(id))?.version;
      Object.assign(fake.mode, { pages: pagesOf(80, 20), failPage: 3, failAs });
      await expect(scanServer(admin, id)).rejects.toMatchObject({ code: "scan_failed" });
      expect(await listTools(admin, id)).toEqual(before);
      expect((await getServer(admin, id)).lastScanError).toBe(`tools/list page 3: ${words}`);
      expect((await findUpstream(id))?.version).toBe(version);
    },
  );

  test("loading and classing 500 tools takes the gateway at most 30 ms of processor time", async () => {
    await scanned({ pages: pagesOf(500, 100) });
    let bestMs = Infinity;
    for (let round = 0; round < 10; round += 1) {
      const before = process.cpuUsage();
      const upstream = await loadUpstream(id);
      const { user, system } = process.cpuUsage(before);
      bestMs = Math.min(bestMs, (user + system) / 1000);
      expect(upstream?.tools.get("create_item_7")).toMatchObject({ category: "write", risk: "medium" });
    }
    expect(bestMs).toBeLessThan(30);
  });

  test("the gateway learns category, risk and hints from the accepted definition, and from a changed one when it is accepted", async () => {
    const tool = (more: string) => `[{"name":"get_row","inputSchema":{"type":"object"}${more}}]`;
    const fake = await scanned({ pages: [tool(`,"annotations":{"readOnlyHint":true,"title":"x","openWorldHint":1}`)] });
    const first = { category: "read", risk: "low", annotations: new Map([["readOnlyHint", true]]) };
    expect(await classOf("get_row")).toMatchObject({ ...first, state: "accepted", isBlocked: false });
    fake.mode.pages = [tool(`,"annotations":{"destructiveHint":true}`)];
    await scanServer(admin, id);
    expect(await classOf("get_row")).toMatchObject({ ...first, state: "changed" });
    const [{ name = "", digest = "" } = {}] = (await getReview(viewer, id)).tools;
    await decideTools(author, id, { decision: "accept", tools: [{ name, digest }], reason: "" });
    expect(await classOf("get_row")).toMatchObject({ state: "accepted", category: "destructive", risk: "critical" });
  });
});

describe("an override", () => {
  const reason = "Reviewed";

  test("is what the gateway judges by from the next call on, survives a rescan, and goes back with null", async () => {
    const before = await findUpstream(id);
    expect(await overrideTool(author, id, "get_row", { category: "financial", reason })).toEqual({
      name: "get_row",
      category: "financial",
      risk: "critical",
      computed: { category: "read", risk: "low" },
      overridden: { category: true, risk: false },
    });
    expect((await findUpstream(id))?.version).toBe((before?.version ?? 0) + 1);
    await scanned({ pages: [`[{"name":"get_row","description":"New"}]`] });
    expect(await classOf("get_row")).toMatchObject({ category: "financial", risk: "critical" });
    await overrideTool(author, id, "get_row", { category: null, reason });
    expect(await classOf("get_row")).toMatchObject({ category: "read", risk: "low" });
  });

  test("A5 of the category is for policy managers, of the risk for admins, of anything not for viewers", async () => {
    const forbidden = { code: "forbidden" };
    await expect(overrideTool(viewer, id, "get_row", { category: "write", reason })).rejects.toMatchObject(forbidden);
    await expect(overrideTool(author, id, "delete_row", { risk: "low", reason })).rejects.toMatchObject(forbidden);
    const both = { category: "read", risk: null, reason } as const;
    await expect(overrideTool(author, id, "delete_row", both)).rejects.toMatchObject(forbidden);
    expect(await classOf("delete_row")).toMatchObject({ category: "destructive", risk: "critical" });
    await overrideTool(author, id, "delete_row", { category: "read", reason });
    expect(await classOf("delete_row")).toMatchObject({ category: "read", risk: "critical" });
    await overrideTool(admin, id, "delete_row", { risk: "low", reason });
    expect(await classOf("delete_row")).toMatchObject({ category: "read", risk: "low" });
  });

  test("A5 of another organisation's server, or of a tool that it does not have, finds nothing", async () => {
    const notFound = { code: "not_found" };
    await expect(overrideTool(other, id, "get_row", { risk: "low", reason })).rejects.toMatchObject(notFound);
    for (const name of ["Get_row", "get_row\0", "__proto__"]) {
      await expect(overrideTool(admin, id, name, { risk: "low", reason })).rejects.toMatchObject(notFound);
    }
    await expect(overrideTool(admin, "x", "get_row", { risk: "low", reason })).rejects.toMatchObject(notFound);
    expect(await prisma().adminAudit.count({ where: { object: `server:${id}` } })).toBe(0);
  });

  test("C39 leaves one audit row with what was, what is and why", async () => {
    await overrideTool(admin, id, "delete_row", { category: "write", risk: "medium", reason: "Only a soft delete" });
    const rows = await prisma().adminAudit.findMany({ where: { object: `server:${id}` } });
    expect(rows.map((row): unknown => JSON.parse(row.record))).toMatchObject([
      {
        action: "server.tool.override",
        reason: "Only a soft delete",
        before: { tool: "delete_row", category: "destructive", risk: "critical" },
        after: { tool: "delete_row", category: "write", risk: "medium", computed: { risk: "critical" } },
      },
    ]);
  });
});
