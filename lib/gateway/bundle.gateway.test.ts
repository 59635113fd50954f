import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { removeMember, setMemberPolicy, setPrefix, updateBundle } from "@/lib/bundles/bundles.server";
import { pool } from "@/lib/db/db.server";
import { updateServer } from "@/lib/servers/servers.server";
import { addBundle, type StackBundle } from "@/lib/testing/bundle-stack";
import { createPolicyRow, createSystemCtx } from "@/lib/testing/factories";
import { startGatewayStack, type GatewayStack } from "@/lib/testing/gateway-stack";
import { callOf, mcpPost, modern, textOf } from "@/lib/testing/mcp-post";
import { scriptedTools, startScriptedUpstream, type ScriptedUpstream } from "@/lib/testing/scripted-upstream";

const strict = `
version: "1"
hide: [delete_customer]
tools:
  create_charge:
    rules:
      - name: "cap"
        conditions: [{path: args.amount, op: lte, value: 100}]
        on_deny: "Too much for a"
      - name: "two a day"
        limit: {max: 2, per: grant, window: day}
  list_customers: { rules: [] }
`;
const open = `
version: "1"
default: allow
tools:
  create_charge:
    rules:
      - name: "five a day"
        limit: {max: 5, per: grant, window: day}
`;

let stack: GatewayStack;
let a: ScriptedUpstream;
let b: ScriptedUpstream;
let bundle: StackBundle;

beforeAll(async () => {
  [a, b] = await Promise.all([startScriptedUpstream(), startScriptedUpstream()]);
  stack = await startGatewayStack({ upstreamUrl: a.url, policy: null, tools: [] });
});
afterAll(async () => {
  await stack.close();
  await Promise.all([a.close(), b.close()]);
});
beforeEach(async () => {
  a.reset();
  b.reset();
  bundle = await addBundle(stack, [
    { prefix: "a", upstreamUrl: a.url, policy: strict, tools: scriptedTools },
    { prefix: "b", upstreamUrl: b.url, policy: open, tools: scriptedTools },
  ]);
});

const charge = (tool: string, amount: number, id: number | string = 1) => callOf(tool, { amount }, id);
const ctx = () => createSystemCtx(stack.orgId);
const listed = async (headers: Record<string, string> = {}) => {
  const answer = await mcpPost(bundle, { jsonrpc: "2.0", id: 1, method: "tools/list" }, headers);
  return answer.json.result?.tools?.map((tool) => tool.name) ?? [];
};

async function start(): Promise<Record<string, string>> {
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } };
  const answer = await mcpPost(bundle, { jsonrpc: "2.0", id: 0, method: "initialize", params });
  expect(answer.status).toBe(200);
  return { "Mcp-Session-Id": answer.headers.get("mcp-session-id") ?? "", "MCP-Protocol-Version": "2025-11-25" };
}

describe("which server, under which name", () => {
  test("lists are joined in the bundle's order, each filtered by its server's policy, names alone changed", async () => {
    const odd = `{ "tools" : [ {"inputSchema":{"type":"object"}, "description":"create_charge","name" : "create_charge", "x": 1.50} ] , "nextCursor": null }`;
    b.listResult = odd;
    const answer = await mcpPost(bundle, { jsonrpc: "2.0", id: "l", method: "tools/list" });
    const names = answer.json.result?.tools?.map((tool) => tool.name);
    expect(names).toEqual(["a__create_charge", "a__create_refund", "a__list_customers", "b__create_charge"]);
  });

  test("the server gets its own tool name and every other byte as the client sent it", async () => {
    const body = `{"jsonrpc":"2.0" , "id":7,"method":"tools/call","params":{ "arguments":{"amount":1.50},"name":"b__create_charge"}}`;
    expect((await mcpPost(bundle, body)).json.result).toMatchObject({ content: [{ text: "done" }] });
    expect(b.executed.map((one) => one.body)).toEqual([body.replace("b__create_charge", "create_charge")]);
    expect(a.executed).toEqual([]);
  });

  test("a cursor goes on at each server that has more, and at no other", async () => {
    const page = (name: string, cursor: string | null) =>
      JSON.stringify({
        tools: [{ name, description: name, inputSchema: { type: "object" } }],
        ...(cursor === null ? {} : { nextCursor: cursor }),
      });
    a.listResult = page("create_charge", "at-2");
    b.listResult = page("list_customers", null);
    const first = await mcpPost(bundle, { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} });
    expect(first.json.result?.tools?.map((tool) => tool.name)).toEqual(["a__create_charge", "b__list_customers"]);
    const cursor = first.json.result?.["nextCursor"];
    a.received = [];
    b.received = [];
    a.listResult = page("create_refund", null);
    const second = await mcpPost(bundle, { jsonrpc: "2.0", id: 2, method: "tools/list", params: { cursor } });
    expect(second.json.result?.tools?.map((tool) => tool.name)).toEqual(["a__create_refund"]);
    expect(second.json.result).not.toHaveProperty("nextCursor");
    expect(JSON.parse(a.received[0]?.body.toString() ?? "{}")).toMatchObject({ params: { cursor: "at-2" } });
    expect(b.received).toEqual([]);
    const wrong = await mcpPost(bundle, { jsonrpc: "2.0", id: 3, method: "tools/list", params: { cursor: "x" } });
    expect(wrong.json.error?.code).toBe(-32602);
  });

  test("2026-07-28: `Mcp-Name` follows the body, and the joined list is private and as stale as its stalest part", async () => {
    const call = modern("tools/call", { name: "b__create_charge", arguments: { amount: 1 } });
    const answer = await mcpPost(bundle, call.body, call.headers);
    expect(answer.json.result?.content?.[0]?.text).toBe("done");
    const sent = b.received.at(-1);
    expect(sent?.headers["mcp-name"]).toBe("create_charge");
    expect(JSON.parse(sent?.body.toString() ?? "{}")).toMatchObject({ params: { name: "create_charge" } });
    const list = modern("tools/list", {});
    const { result } = (await mcpPost(bundle, list.body, list.headers)).json;
    expect(result).toMatchObject({ resultType: "complete", cacheScope: "private", ttlMs: 0 });
  });
});

describe("each server's own policy", () => {
  test("one tool name is denied at one server and allowed at the other; counters and rows are each server's own", async () => {
    const denied = await mcpPost(bundle, charge("a__create_charge", 500));
    expect(textOf(denied)).toBe("[POLICYLAYER POLICY DENIED] Too much for a");
    expect(textOf(await mcpPost(bundle, charge("b__create_charge", 500)))).toBe("done");
    for (const id of [2, 3]) expect(textOf(await mcpPost(bundle, charge("a__create_charge", 5, id)))).toBe("done");
    expect((await mcpPost(bundle, charge("a__create_charge", 5, 4))).decision).toMatchObject({
      decision: "rate_limited",
    });
    expect(textOf(await mcpPost(bundle, charge("b__create_charge", 5, 5)))).toBe("done");
    expect([a.executed.length, b.executed.length]).toEqual([2, 2]);
    const rows = (await stack.log(bundle)).filter((row) => row.kind === "decision");
    const serverOf = (row: { record: string }) => (JSON.parse(row.record) as { serverId: string }).serverId;
    const [first, second] = [bundle.at("a").serverId, bundle.at("b").serverId];
    expect(rows.map((row) => [serverOf(row), row.tool, row.decision])).toEqual([
      [first, "create_charge", "deny"],
      [second, "create_charge", "allow"],
      [first, "create_charge", "allow"],
      [first, "create_charge", "allow"],
      [first, "create_charge", "rate_limited"],
      [second, "create_charge", "allow"],
    ]);
    expect(rows.map((row) => (JSON.parse(row.record) as { policyId: string }).policyId)[0]).toBe(
      bundle.at("a").policyId,
    );
  });

  test("P2 a hidden tool, an unknown tool and an unknown prefix are one answer, and reach nobody", async () => {
    const texts: unknown[] = [];
    for (const name of ["a__delete_customer", "a__no_such_tool", "zz__create_charge", "create_charge"]) {
      const answer = await mcpPost(bundle, callOf(name, {}, 9));
      expect(answer.json.error).toEqual({ code: -32602, message: `Unknown tool: ${name}` });
      texts.push([answer.status, Object.keys(answer.json.error ?? {})]);
    }
    expect(new Set(texts.map((one) => JSON.stringify(one))).size).toBe(1);
    expect([...a.executed, ...b.executed]).toEqual([]);
    const rules = (await stack.log(bundle)).map((row) => row.rule);
    expect(rules).toEqual(["(hidden)", "(unknown tool)", "(unknown tool)", "(unknown tool)"]);
  });

  test("a server without a policy denies every call and leaves the others alone", async () => {
    await setMemberPolicy(await ctx(), bundle.bundleId, bundle.at("a").serverId, { policyId: null });
    expect((await mcpPost(bundle, charge("a__create_charge", 1))).decision).toMatchObject({ reason: "no_policy" });
    expect(textOf(await mcpPost(bundle, charge("b__create_charge", 1)))).toBe("done");
  });

  test("Q14 a member's policy, published or put in place elsewhere, counts within a second and never lets a call through", async () => {
    expect(textOf(await mcpPost(bundle, charge("b__create_charge", 1)))).toBe("done");
    const closed = await createPolicyRow(stack.orgId, `version: "1"\ntools: {}\n`);
    await pool().query("UPDATE bundle_member SET policy_id = $1 WHERE bundle_id = $2 AND server_id = $3", [
      closed,
      bundle.bundleId,
      bundle.at("b").serverId,
    ]);
    await pool().query("UPDATE bundle SET version = version + 1 WHERE id = $1", [bundle.bundleId]);
    expect((await mcpPost(bundle, charge("b__create_charge", 1, 2))).decision).toMatchObject({ decision: "deny" });
    expect(b.executed).toHaveLength(1);
  });

  test("a method that one policy denies goes to the other server only", async () => {
    await stack.publish(
      { ...bundle, policyId: bundle.at("a").policyId },
      `${strict}methods: {"resources/read": deny}\n`,
    );
    const read = { jsonrpc: "2.0", id: 1, method: "resources/read", params: { uri: "file:///x" } };
    await expect.poll(async () => (await mcpPost(bundle, read), a.received.length)).toBe(0);
    a.received = [];
    b.received = [];
    expect((await mcpPost(bundle, read)).json.result).toEqual({});
    expect([a.received.length, b.received.length]).toEqual([0, 1]);
  });
});

describe("sessions", () => {
  test("P8 one session id stands for all servers, is opened on any replica and by its own grant alone", async () => {
    const headers = await start();
    expect(await listed(headers)).toHaveLength(7);
    expect(a.received.at(-1)?.headers["mcp-session-id"]).toBe("session-1");
    expect(headers["Mcp-Session-Id"]).not.toContain("session-1");
    const other = await addBundle(stack, [{ prefix: "a", upstreamUrl: a.url, policy: open, tools: scriptedTools }]);
    const stolen = await mcpPost(other, { jsonrpc: "2.0", id: 1, method: "tools/list" }, headers);
    expect([stolen.status, stolen.json.error?.code]).toEqual([404, -32001]);
    const alone = await stack.add({ upstreamUrl: a.url, policy: open, tools: scriptedTools });
    const crossed = await mcpPost(alone, { jsonrpc: "2.0", id: 1, method: "tools/list" }, headers);
    expect(crossed.status).toBe(404);
  });

  test("a server that is down at the start is left out and logged; when all are, the client hears of it", async () => {
    const gone = await startScriptedUpstream();
    const half = await addBundle(stack, [
      { prefix: "gone", upstreamUrl: gone.url, policy: open, tools: scriptedTools },
      { prefix: "b", upstreamUrl: b.url, policy: open, tools: scriptedTools },
    ]);
    await gone.close();
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } };
    const begin = { jsonrpc: "2.0", id: 0, method: "initialize", params };
    const answer = await mcpPost(half, begin);
    expect(answer.json.result).toMatchObject({
      protocolVersion: "2025-11-25",
      capabilities: { tools: { listChanged: true } },
      serverInfo: { name: expect.stringContaining("PolicyLayer bundle") as unknown },
    });
    const headers = { "Mcp-Session-Id": answer.headers.get("mcp-session-id") ?? "" };
    const list = await mcpPost(half, { jsonrpc: "2.0", id: 1, method: "tools/list" }, headers);
    expect(list.json.result?.tools?.map((tool) => tool.name)).toEqual(scriptedTools.map((tool) => `b__${tool}`));
    expect((await stack.log(half)).map((row) => [row.rule, row.method])).toContainEqual(["(left out)", "initialize"]);
    const none = await addBundle(stack, [
      { prefix: "gone", upstreamUrl: gone.url, policy: open, tools: scriptedTools },
    ]);
    const failed = await mcpPost(none, begin);
    expect([failed.status, failed.json.error?.code]).toEqual([502, -31003]);
  });

  test("the end of a session ends it at every server", async () => {
    const headers = await start();
    const authorization = `Bearer ${bundle.token}`;
    const ended = await fetch(bundle.url, { method: "DELETE", headers: { ...headers, Authorization: authorization } });
    expect(ended.status).toBe(200);
    for (const upstream of [a, b]) {
      expect(upstream.received.at(-1)).toMatchObject({ method: "DELETE", headers: { "mcp-session-id": "session-1" } });
    }
  });

  test("a cancel reaches the server that has the call in flight", async () => {
    const headers = await start();
    b.mode = "hang";
    const waiting = mcpPost(bundle, charge("b__create_charge", 1, "slow"), headers);
    await expect.poll(() => b.executed.length).toBe(1);
    const again = await mcpPost(bundle, charge("a__create_charge", 1, "slow"), headers);
    expect([again.status, again.json.error?.code]).toEqual([400, -32600]);
    const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "slow" } };
    expect((await mcpPost(bundle, cancel, headers)).status).toBe(202);
    expect(b.received.at(-1)?.body.toString()).toBe(JSON.stringify(cancel));
    expect(a.received.map((one) => one.body.toString())).not.toContain(JSON.stringify(cancel));
    b.release();
    await waiting;
  });
});

describe("changes while it is used", () => {
  test("a server disabled in mid session leaves the lists, its calls are refused, the others go on", async () => {
    const headers = await start();
    await updateServer(await ctx(), bundle.at("a").serverId, { enabled: false });
    expect(await listed(headers)).toEqual(scriptedTools.map((tool) => `b__${tool}`));
    const refused = await mcpPost(bundle, charge("a__create_charge", 1), headers);
    expect(refused.decision).toMatchObject({ decision: "deny", reason: "server_disabled" });
    expect(textOf(await mcpPost(bundle, charge("b__create_charge", 1, 2), headers))).toBe("done");
  });

  test("a removed server's tools are unknown, a new prefix is the only one, a disabled bundle refuses all", async () => {
    await removeMember(await ctx(), bundle.bundleId, bundle.at("a").serverId);
    await setPrefix(await ctx(), bundle.bundleId, bundle.at("b").serverId, { prefix: "new" });
    expect((await mcpPost(bundle, charge("a__create_charge", 1))).json.error?.code).toBe(-32602);
    expect((await mcpPost(bundle, charge("b__create_charge", 1))).json.error?.code).toBe(-32602);
    expect(textOf(await mcpPost(bundle, charge("new__create_charge", 1)))).toBe("done");
    await updateBundle(await ctx(), bundle.bundleId, { enabled: false });
    const refused = await mcpPost(bundle, charge("new__create_charge", 1));
    expect(refused.decision).toMatchObject({ reason: "server_disabled" });
    expect(b.executed).toHaveLength(1);
  });

  test("A3 a grant opens its own bundle only, by its own path, a slash behind it included", async () => {
    const list = { jsonrpc: "2.0", id: 1, method: "tools/list" };
    expect((await mcpPost({ ...bundle, url: `${bundle.url}/` }, list)).status).toBe(200);
    const at = (path: string) => ({ ...bundle, url: bundle.url.replace(/\/mcp\/.*/, path) });
    expect((await mcpPost(at(`/mcp/${bundle.serverId}`), list)).status).toBe(401);
    expect((await mcpPost({ ...stack, url: bundle.url }, list)).status).toBe(401);
    await stack.revoke(bundle);
    expect((await mcpPost(bundle, list)).status).toBe(401);
  });
});
