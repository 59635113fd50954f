import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { prisma } from "@/lib/db/db.server";
import { getServer, updateServer } from "@/lib/servers/servers.server";
import { createSystemCtx } from "@/lib/testing/factories";
import { decideTools, getReview } from "@/lib/servers/servers.server";
import { startGatewayStack, type GatewayStack, type StackGrant } from "@/lib/testing/gateway-stack";
import { callOf, mcpPost, modern, textOf } from "@/lib/testing/mcp-post";
import { scriptedTools, startScriptedUpstream, type ScriptedUpstream } from "@/lib/testing/scripted-upstream";
import { serverSessionOf } from "./session-envelope.server";

const policy = `
version: "1"
hide: [delete_customer, "drop_*"]
tools:
  create_charge:
    rules:
      - name: "max"
        conditions: [{path: args.amount, op: lte, value: 50000}]
        on_deny: "Single charge cannot exceed $500.00"
  "*":
    rules:
      - name: "limit"
        rate_limit: 100/month
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

const add = (text: string | null = policy, tools: readonly string[] = scriptedTools) =>
  stack.add({ upstreamUrl: upstream.url, policy: text, tools });
const listOf = (id: number | string = 1) => ({ jsonrpc: "2.0", id, method: "tools/list", params: {} });
const decisions = async (grant: StackGrant) => (await stack.log(grant)).filter((row) => row.kind === "decision");

test("a denial has its shape, is recorded, consumes nothing and reaches nobody", async () => {
  const grant = await add();
  const response = await mcpPost(grant, callOf("create_charge", { amount: 60_000 }, "abc"));
  const decisionId = response.headers.get("policylayer-decision");
  expect(response.status).toBe(200);
  expect(response.json).toEqual({
    jsonrpc: "2.0",
    id: "abc",
    result: {
      content: [{ type: "text", text: "[POLICYLAYER POLICY DENIED] Single charge cannot exceed $500.00" }],
      isError: true,
      _meta: {
        "policylayer/decision": {
          decision: "deny",
          rule: "/tools/create_charge/rules/max",
          reason: "rule",
          decisionId,
        },
      },
    },
  });
  expect(await stack.log(grant)).toMatchObject([
    {
      kind: "decision",
      decision: "deny",
      rule: "/tools/create_charge/rules/max",
      reason: "rule",
      tool: "create_charge",
    },
  ]);
  expect(await stack.used(grant, "_global._rate_month")).toBe("0");
  expect(upstream.received).toEqual([]);
});

test("L6 the record of a call holds argument names and a keyed digest, never a value", async () => {
  const grant = await add();
  await mcpPost(grant, callOf("create_charge", { amount: 4711, note: "CANARY-1", "\u0007bell": 1 }));
  const [row] = await decisions(grant);
  expect(row?.record).not.toMatch(/4711|CANARY/);
  expect(row?.record).toContain('"argKeys":["amount","note","\\\\u{7}bell"]');
  expect(row?.record).toMatch(/"argDigest":"v1\.[\w-]{43}"/);
});

test("P2 a hidden tool answers exactly like an unknown one, and neither reaches the upstream", async () => {
  const grant = await add();
  const answers = [];
  for (const name of ["delete_customer", "drop_table", "no_such_tool"]) {
    const { status, text, headers } = await mcpPost(grant, callOf(name, { id: 1 }));
    const plain = [...headers].filter(([key]) => !["date", "policylayer-decision", "content-length"].includes(key));
    answers.push({ status, text: text.replaceAll(name, "X"), headers: plain });
    expect(text).toBe(`{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"Unknown tool: ${name}"}}`);
  }
  expect(answers[1]).toEqual(answers[0]);
  expect(answers[2]).toEqual(answers[0]);
  expect(upstream.received.filter(({ body }) => body.includes("tools/call"))).toEqual([]);
  expect((await decisions(grant)).map((row) => row.rule)).toEqual(["(hidden)", "(hidden)", "(unknown tool)"]);
});

test("tools/list loses its hidden tools and no other byte", async () => {
  const tool = (name: string) =>
    `{ "name":"${name}" ,"inputSchema":{"type":"object"},"x-unknown":[1.0,1E2, "\\u00e9"]}`;
  const render = (names: string[]) =>
    `{ "_meta":{"a":1},"tools": [ ${names.map(tool).join(" , ")}],\n"nextCursor":"c2","vendor": -0}`;
  const names = ["create_charge", "drop_a", "list_customers", "delete_customer"];
  upstream.listResult = render(names);
  const grant = await stack.add({ upstreamUrl: upstream.url, policy, tools: [], definitions: names.map(tool) });
  const { text } = await mcpPost(grant, listOf("q"));
  const expected = `{ "_meta":{"a":1},"tools": [ ${tool("create_charge")} , ${tool("list_customers")}],\n"nextCursor":"c2","vendor": -0}`;
  expect(text).toBe(`{"jsonrpc":"2.0","id":"q","result":${expected}}`);
});

test("a page that holds hidden tools only becomes empty and keeps its cursor", async () => {
  upstream.listResult = '{"tools":[{"name":"drop_a"},{"name":"drop_b"}],"nextCursor":"n"}';
  expect((await mcpPost(await add(), listOf())).json.result).toEqual({ tools: [], nextCursor: "n" });
});

test.each([
  '{"tools":[{"name":"a"},7]}',
  '{"tools":[{"name":"a","name":"drop_a"}]}',
  '{"tools":{}}',
  '{"tools":[{"title":"x"}]}',
  '{"tools":[],"tools":[]}',
])("a list that cannot be read is never passed unfiltered: %s", async (listResult) => {
  upstream.listResult = listResult;
  const response = await mcpPost(await add(), listOf());
  expect([response.status, response.json.error?.code]).toEqual([502, -31003]);
  expect(response.text).not.toContain("drop_a");
});

test("P3 a modern list is marked private and short-lived", async () => {
  const grant = await add();
  const { body, headers } = modern("tools/list", {});
  upstream.listResult = '{"resultType":"complete","ttlMs":600000,"cacheScope":"public","tools":[{"name":"drop_a"}]}';
  expect((await mcpPost(grant, body, headers)).json.result).toEqual({
    resultType: "complete",
    ttlMs: 30000,
    cacheScope: "private",
    tools: [],
  });
  upstream.listResult = '{"ttlMs":5,"tools":[]}';
  expect((await mcpPost(grant, body, headers)).json.result).toEqual({ ttlMs: 5, cacheScope: "private", tools: [] });
});

test("a relayed list teaches the catalogue: a tool that appeared waits, and can be called once it is accepted", async () => {
  const grant = await add('version: "1"\ntools: {brand_new: {rules: []}}', ["create_charge"]);
  expect((await mcpPost(grant, callOf("brand_new", {}))).json.error?.code).toBe(-32602);
  upstream.listResult = '{"tools":[{"name":"brand_new","inputSchema":{"type":"object"}}]}';
  expect((await mcpPost(grant, listOf())).json.result?.tools).toEqual([]);
  const ctx = await createSystemCtx(stack.orgId);
  const waiting = async () => (await getReview(ctx, grant.serverId)).tools.filter(({ name }) => name === "brand_new");
  await expect.poll(async () => (await waiting()).length).toBe(1);
  expect((await mcpPost(grant, callOf("brand_new", {}))).json.error?.code).toBe(-32602);
  const tools = (await waiting()).map(({ name, digest }) => ({ name, digest }));
  await decideTools(ctx, grant.serverId, { decision: "accept", tools, reason: "" });
  expect(textOf(await mcpPost(grant, callOf("brand_new", {})))).toBe("done");
});

test("without a policy calls and content are denied, life cycle and lists pass", async () => {
  const grant = await add(null);
  const call = await mcpPost(grant, callOf("create_charge", { amount: 1 }));
  expect(call.decision).toMatchObject({ decision: "deny", rule: "(no policy)", reason: "no_policy" });
  const read = await mcpPost(grant, { jsonrpc: "2.0", id: 2, method: "resources/read", params: { uri: "a:b" } });
  expect([read.status, read.json.error?.code, read.decision?.["rule"]]).toEqual([200, -31001, "(no policy)"]);
  expect(upstream.received).toEqual([]);
  expect((await mcpPost(grant, listOf())).json.result?.tools).toHaveLength(4);
  const initialize = { jsonrpc: "2.0", id: 3, method: "initialize", params: { protocolVersion: "2025-11-25" } };
  const opened = await mcpPost(grant, initialize);
  expect(serverSessionOf(grant.grantId, grant.serverId, opened.headers.get("mcp-session-id") ?? "")).toBe("session-1");
  expect((await mcpPost(grant, { jsonrpc: "2.0", method: "notifications/initialized" })).status).toBe(202);
});

test("lists and content leave a row without parameters; life cycle leaves none", async () => {
  const grant = await add();
  await mcpPost(grant, { jsonrpc: "2.0", id: 1, method: "ping" });
  await mcpPost(grant, listOf());
  await mcpPost(grant, { jsonrpc: "2.0", id: 2, method: "resources/read", params: { uri: "CANARY-2" } });
  const rows = await decisions(grant);
  expect(rows.map((row) => [row.decision, row.method])).toEqual([
    ["allow", "tools/list"],
    ["allow", "resources/read"],
  ]);
  expect(rows.map((row) => row.record).join("")).not.toContain("CANARY-2");
});

test("a method that the policy denies is not relayed", async () => {
  const grant = await add('version: "1"\nmethods: {"resources/*": deny, "vendor/x": allow}\ntools: {}');
  const read = await mcpPost(grant, { jsonrpc: "2.0", id: 2, method: "resources/read", params: { uri: "a:b" } });
  expect([read.json.error?.code, read.decision?.["reason"], read.decision?.["rule"]]).toEqual([
    -31001,
    "method_denied",
    "/methods/resources~1read",
  ]);
  expect(upstream.received).toEqual([]);
  expect((await mcpPost(grant, { jsonrpc: "2.0", id: 3, method: "vendor/x" })).json.result).toEqual({});
});

test("a disabled server takes no call and no other request", async () => {
  const grant = await add();
  const ctx = await createSystemCtx(stack.orgId);
  await getServer(ctx, grant.serverId);
  await updateServer(ctx, grant.serverId, { enabled: false });
  const call = await mcpPost(grant, callOf("create_charge", { amount: 1 }));
  expect(call.decision).toMatchObject({ reason: "server_disabled", rule: "(server disabled)" });
  const list = await mcpPost(grant, listOf());
  expect([list.status, list.json.error?.code, list.decision?.["reason"]]).toEqual([200, -31001, "server_disabled"]);
  expect(upstream.received).toEqual([]);
});

test("the decision chain of everything in this file verifies its order", async () => {
  const rows = await prisma().decisionLog.findMany({ where: { orgId: stack.orgId }, orderBy: { seq: "asc" } });
  rows.forEach((row, index) => {
    if (index > 0) expect(row.prevHash).toBe(rows[index - 1]?.hash);
  });
});
