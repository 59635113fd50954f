import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { checkPolicy } from "@/lib/policy/check";
import type { ServerDto, ToolClassDto, ToolDto } from "@/lib/servers/schema";
import { createGrantRow, createServerRow } from "@/lib/testing/factories";
import { openTestHouse, type TestHouse } from "@/lib/testing/house";
import { startMcpFake, type McpFake } from "@/lib/testing/mcp-fake";
import { createPeople, jsonOf, refusalOf, type People } from "@/lib/testing/people";
import { apiRequest } from "@/lib/testing/session";
import { DELETE as removeHeader, PUT as setHeader } from "./headers/[name]/route";
import { DELETE, GET, PATCH } from "./route";
import { GET as scaffold } from "./scaffold/route";
import { POST as scan } from "./scan/route";
import { PATCH as override } from "./tools/[name]/route";
import { GET as listTools } from "./tools/route";

let house: TestHouse;
let people: People;
let upstream: McpFake;
let id = "";

beforeAll(async () => {
  house = await openTestHouse();
  people = await createPeople();
  upstream = await startMcpFake();
});
beforeEach(async () => {
  id = await createServerRow(people.orgId, { url: upstream.url, tools: ["old"] });
});
afterAll(async () => {
  await upstream.close();
  await house.close();
});

const at = (more = {}) => ({ params: Promise.resolve({ id, ...more }) });
const request = (method: string, body?: unknown) => {
  const { cookie } = people.admin;
  return apiRequest(method, "/api/servers/x", body === undefined ? { cookie } : { cookie, body });
};

describe("200", () => {
  test("read, change, scan and list its tools", async () => {
    expect(await jsonOf<ServerDto>(await GET(request("GET"), at()))).toMatchObject({ id, toolCount: 1 });
    const patched = await PATCH(request("PATCH", { enabled: false, name: "Renamed" }), at());
    expect(await jsonOf<ServerDto>(patched)).toMatchObject({ enabled: false, name: "Renamed" });
    expect(await jsonOf(await scan(request("POST"), at()))).toMatchObject({ added: 1, changed: 0, gone: 1, total: 1 });
    const tools = await jsonOf<ToolDto[]>(await listTools(request("GET"), at()));
    expect(tools.map((tool) => [tool.name, tool.gone])).toEqual([
      ["old", true],
      ["ping", false],
    ]);
  });
  test("a header is set and removed by its name in the path", async () => {
    const set = await setHeader(request("PUT", { value: "canary" }), at({ name: "X-Key" }));
    const text = await set.text();
    expect(text).toContain('"headerNames":["X-Key"]');
    expect(text).not.toContain("canary");
    const removed = await removeHeader(request("DELETE"), at({ name: "x-key" }));
    expect(await jsonOf<ServerDto>(removed)).toMatchObject({ headerNames: [] });
  });
});

describe("200 of its tools", () => {
  const reason = "Reviewed";
  const name = "files/delete it #1";
  const ask = (cookie: string, body: object) => override(apiRequest("PATCH", "/api/x", { cookie, body }), at({ name }));

  beforeEach(async () => {
    id = await createServerRow(people.orgId, { name: `Payments ${id}`, tools: [name, "get_file", "drop_*"] });
  });

  test("a policy manager overrides a category, an admin a risk, and null takes both back", async () => {
    const { admin, policy_manager } = people;
    const category = await ask(policy_manager.cookie, { category: "write", reason });
    expect(await jsonOf<ToolClassDto>(category)).toMatchObject({ name, category: "write", risk: "critical" });
    const risk = await ask(policy_manager.cookie, { risk: "low", reason });
    expect(await refusalOf(risk)).toEqual({ status: 403, code: "forbidden" });
    const low = await ask(admin.cookie, { risk: "low", reason });
    expect(await jsonOf<ToolClassDto>(low)).toMatchObject({ category: "write", risk: "low" });
    const back = await ask(admin.cookie, { category: null, risk: null, reason });
    expect(await jsonOf<ToolClassDto>(back)).toMatchObject({
      category: "destructive",
      risk: "critical",
      overridden: { category: false, risk: false },
    });
  });

  test.each([
    {},
    { reason },
    { category: "write" },
    { category: "write", reason: " " },
    { category: "harmless", reason },
    { risk: "none", reason },
    { category: "write", reason, orgId: "x" },
  ])("an override of %j changes nothing", async (body) => {
    expect(await refusalOf(await ask(people.admin.cookie, body))).toEqual({ status: 400, code: "invalid_input" });
    const tools = await jsonOf<ToolDto[]>(await listTools(request("GET"), at()));
    expect(tools.find((tool) => tool.name === name)?.overridden).toEqual({ category: false, risk: false });
  });

  test("the scaffold of its listed tools is a policy without errors, plain and as a safe start", async () => {
    const ofQuery = async (query: string) =>
      jsonOf<{ text: string }>(
        await scaffold(apiRequest("GET", `/api/x${query}`, { cookie: people.viewer.cookie }), at()),
      );
    const { text } = await ofQuery("");
    expect(text).toContain('  "files/delete it #1":\n    # files/delete it #1\n    rules: []');
    const safe = await ofQuery("?safe=true");
    expect(safe.text).toContain("        action: require_approval");
    for (const one of [text, safe.text]) {
      expect(checkPolicy(one).filter((problem) => problem.severity === "error")).toEqual([]);
    }
    const odd = await scaffold(apiRequest("GET", "/api/x?safe=1", { cookie: people.viewer.cookie }), at());
    expect(await refusalOf(odd)).toEqual({ status: 400, code: "invalid_input" });
  });
});

describe("204", () => {
  test("a deleted server is gone", async () => {
    const response = await DELETE(request("DELETE"), at());
    expect([response.status, await response.text()]).toEqual([204, ""]);
    expect((await GET(request("GET"), at())).status).toBe(404);
  });
});

describe("400", () => {
  test.each([{ orgId: "x" }, { url: "file:///etc/passwd" }, { enabled: "no" }, { allowPrivateNetwork: false }])(
    "a patch of %j changes nothing",
    async (body) => {
      expect(await refusalOf(await PATCH(request("PATCH", body), at()))).toEqual({
        status: 400,
        code: "invalid_input",
      });
      expect(await jsonOf<ServerDto>(await GET(request("GET"), at()))).toMatchObject({
        enabled: true,
        url: upstream.url,
      });
    },
  );
  test.each(["Host", "cookie", "a b", "Mcp-Method"])("the header name %s is refused", async (name) => {
    const response = await setHeader(request("PUT", { value: "x" }), at({ name }));
    expect(await refusalOf(response)).toEqual({ status: 400, code: "invalid_input" });
  });
});

describe("401, 403, 404", () => {
  test("signed out, too small a role, another organisation", async () => {
    const send = (cookie: string | null) => DELETE(apiRequest("DELETE", "/api/servers/x", { cookie }), at());
    expect((await send(null)).status).toBe(401);
    expect((await send(people.policy_manager.cookie)).status).toBe(403);
    expect((await send(people.stranger.cookie)).status).toBe(404);
    expect((await removeHeader(request("DELETE"), at({ name: "absent" }))).status).toBe(404);
  });
});

describe("409", () => {
  test("a server with a working grant is not deleted, a name in use is not taken", async () => {
    await createGrantRow(people.orgId, { serverId: id });
    expect(await refusalOf(await DELETE(request("DELETE"), at()))).toEqual({ status: 409, code: "in_use" });
    await createServerRow(people.orgId, { name: "Taken" });
    const renamed = await PATCH(request("PATCH", { name: "Taken" }), at());
    expect(await refusalOf(renamed)).toEqual({ status: 409, code: "name_taken" });
  });
});

describe("502", () => {
  test("a scan that fails says at which step, in its issues and on the server", async () => {
    upstream.mode.status = 503;
    const response = await scan(request("POST"), at());
    upstream.mode.status = null;
    expect(response.status).toBe(502);
    const issue = { path: "initialize", message: "the server answered HTTP 503" };
    expect(await response.json()).toMatchObject({ error: { code: "scan_failed", issues: [issue] } });
    const server = await jsonOf<ServerDto>(await GET(request("GET"), at()));
    expect(server.lastScanError).toBe("initialize: the server answered HTTP 503");
  });
});
