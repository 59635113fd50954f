import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { expectDenied } from "@/lib/testing/denied";
import { createGrantRow, createPolicyRow } from "@/lib/testing/factories";
import { startGatewayStack, type GatewayStack, type StackGrant } from "@/lib/testing/gateway-stack";
import { callOf, mcpPost, modern, type McpResponse } from "@/lib/testing/mcp-post";
import { scriptedTools, startScriptedUpstream, type ScriptedUpstream } from "@/lib/testing/scripted-upstream";

let upstream: ScriptedUpstream;
let stack: GatewayStack;

beforeAll(async () => {
  upstream = await startScriptedUpstream();
  stack = await startGatewayStack({ upstreamUrl: upstream.url, policy: null, tools: scriptedTools });
});
afterAll(async () => {
  await stack.close();
  await upstream.close();
});
beforeEach(() => {
  upstream.reset();
});

const add = (text: string) =>
  stack.add({ upstreamUrl: upstream.url, policy: `version: "1"\n${text}`, tools: scriptedTools });

const hiding = {
  "by name": "hide: [delete_customer]\ntools: {}",
  "by a glob": 'hide: ["delete_*"]\ntools: {}',
  "with everything else": 'hide: ["*"]\ntools: {}',
  "where all else is allowed": "hide: [delete_customer]\ndefault: allow\ntools: {}",
  "and allowed by a rule for every tool": 'hide: [delete_customer]\ntools: {"*": {rules: []}}',
  "under a limit for every tool": 'hide: [delete_customer]\ntools: {"*": {rules: [{name: a, rate_limit: 5/month}]}}',
} as const;

interface Sent {
  body: unknown;
  headers: Record<string, string>;
}

const shapes: Record<string, (name: string) => Sent> = {
  "a plain call": (name) => ({ body: callOf(name, { id: 1 }), headers: {} }),
  "a call with a text id": (name) => ({ body: callOf(name, { id: 1 }, "abc"), headers: {} }),
  "a call with a progress token": (name) => ({
    body: { ...callOf(name, {}), params: { name, arguments: {}, _meta: { progressToken: 7 } } },
    headers: { "MCP-Protocol-Version": "2025-06-18" },
  }),
  "a call as a task": (name) => ({
    body: { ...callOf(name, {}), params: { name, arguments: {}, task: { ttl: 60_000 } } },
    headers: { "MCP-Protocol-Version": "2025-11-25" },
  }),
  "a modern call": (name) => modern("tools/call", { name, arguments: {} }),
};

/** Everything of an answer in which hidden and unknown could differ. */
function seen({ status, text, headers }: McpResponse, name: string) {
  const lines = [...headers].filter(([key]) => !["date", "policylayer-decision", "content-length"].includes(key));
  return { status, text: text.replaceAll(name, "NAME"), lines, decision: headers.has("policylayer-decision") };
}

describe("P2 a hidden tool answers exactly like an unknown one, on the same path", () => {
  const cases = Object.keys(hiding).flatMap((how) => Object.keys(shapes).map((shape) => [how, shape] as const));

  test.each(cases)("hidden %s: %s", async (how, shape) => {
    const grant = await add(hiding[how as keyof typeof hiding]);
    const watched = { stack, upstream, grant };
    const ask = (name: string) => () => {
      const { body, headers } = shapes[shape]?.(name) ?? { body: null, headers: {} };
      return mcpPost(grant, body, headers);
    };
    const hidden = await expectDenied(watched, { rule: "(hidden)", reason: "hidden" }, ask("delete_customer"));
    expect(hidden.json.error).toEqual({ code: -32602, message: "Unknown tool: delete_customer" });
    // With everything hidden a name that nobody has is hidden too; what the client sees is the same.
    const rule = how === "with everything else" ? "(hidden)" : "(unknown tool)";
    const reason = rule === "(hidden)" ? "hidden" : "unknown_tool";
    const unknown = await expectDenied(watched, { rule, reason }, ask("no_such_tool_here"));
    expect(seen(unknown, "no_such_tool_here")).toEqual(seen(hidden, "delete_customer"));
  });

  test("bad arguments and look-alike keys tell nothing of it either", async () => {
    const grant = await add(
      `hide: [delete_customer]\ntools: {"*": {rules: [{name: a, conditions: [{path: args.amount, op: lte, value: 5}]}]}}`,
    );
    for (const args of [{ amount: 9 }, { amount: "9" }, { Amount: 9 }, {}, { amount: -1 }]) {
      const [hidden, unknown] = [
        await mcpPost(grant, callOf("delete_customer", args)),
        await mcpPost(grant, callOf("nope", args)),
      ];
      expect(seen(hidden, "delete_customer")).toEqual(seen(unknown, "nope"));
    }
    expect(upstream.executed).toEqual([]);
  });
});

describe("P2 a hidden tool is listed nowhere, whatever request and stream the list answers", () => {
  const open = `hide: [delete_customer]\nmethods: {"vendor/*": allow}\ndefault: allow\ntools: {}`;
  const list = '{"nextCursor":"n","tools":[{"name":"create_charge"},{"name":"delete_customer","inputSchema":{}}]}';
  const methods: [method: string, params: Record<string, unknown>, eras: ("legacy" | "modern")[]][] = [
    ["tools/list", {}, ["legacy", "modern"]],
    ["tools/list", { cursor: "n" }, ["legacy", "modern"]],
    ["resources/list", {}, ["legacy", "modern"]],
    ["resources/templates/list", {}, ["legacy", "modern"]],
    ["prompts/list", {}, ["legacy", "modern"]],
    ["completion/complete", { ref: { type: "ref/prompt", name: "delete_customer" } }, ["legacy", "modern"]],
    ["resources/read", { uri: "tools://all" }, ["legacy", "modern"]],
    ["prompts/get", { name: "tools" }, ["legacy", "modern"]],
    ["vendor/tools", {}, ["legacy", "modern"]],
  ];
  const cases = methods.flatMap(([method, params, eras]) =>
    eras.flatMap((era) => [false, true].map((isStreaming) => ({ method, params, era, isStreaming }))),
  );

  test.each(cases)("$method $params, $era, stream: $isStreaming", async ({ method, params, era, isStreaming }) => {
    const grant = await add(open);
    Object.assign(upstream, { listResult: list, otherResult: list, isStreaming });
    const { body, headers } = modern(method, params);
    const legacy = {
      body: { jsonrpc: "2.0", id: 1, method, params },
      headers: { "MCP-Protocol-Version": "2025-11-25" },
    };
    const answer =
      era === "modern" ? await mcpPost(grant, body, headers) : await mcpPost(grant, legacy.body, legacy.headers);
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('"name":"create_charge"');
    expect(answer.text).toContain('"nextCursor":"n"');
    expect(answer.text).not.toContain("delete_customer");
  });

  test("a call that is answered with a list", async () => {
    const grant = await add(open);
    const statusBody = `{"jsonrpc":"2.0","id":1,"result":${list}}`;
    Object.assign(upstream, { mode: "status", status: 200, statusBody });
    const answer = await mcpPost(grant, callOf("create_charge", {}));
    expect(answer.text).toContain("create_charge");
    expect(answer.text).not.toContain("delete_customer");
  });

  test("an unlisted vendor method does not reach the upstream at all", async () => {
    const grant = await add("hide: [delete_customer]\ndefault: allow\ntools: {}");
    const refusal = { rule: "(unknown method)", reason: "unknown_method" };
    const body = { jsonrpc: "2.0", id: 1, method: "vendor/call", params: { name: "delete_customer" } };
    await expectDenied({ stack, upstream, grant }, refusal, () => mcpPost(grant, body));
  });
});

test("P2 hidden and unknown take the same time", { timeout: 120_000 }, async () => {
  const grant = await add("hide: [delete_customer]\ndefault: allow\ntools: {}");
  const times: Record<"delete_customer" | "unknown_custome", number[]> = { delete_customer: [], unknown_custome: [] };
  const ask = async (name: keyof typeof times) => {
    const started = performance.now();
    await mcpPost(grant, callOf(name, {}));
    times[name].push(performance.now() - started);
  };
  for (let pair = 0; pair < 1_000; pair += 1) {
    const names = ["delete_customer", "unknown_custome"] as const;
    for (const name of pair % 2 === 0 ? names : names.toReversed()) await ask(name);
  }
  const quantile = (values: number[], share: number) => values[Math.floor(values.length * share)] ?? NaN;
  const [hidden, unknown] = [times.delete_customer, times.unknown_custome].map((all) => all.toSorted((a, b) => a - b));
  if (!hidden || !unknown) throw new Error("no times");
  // One median lies well inside the other's middle: by time nobody can tell one answer from the other.
  for (const [one, other] of [
    [hidden, unknown],
    [unknown, hidden],
  ] as const) {
    expect(quantile(one, 0.5)).toBeGreaterThan(quantile(other, 0.3));
    expect(quantile(one, 0.5)).toBeLessThan(quantile(other, 0.7));
  }
});

/** A client of 2026-07-28 that caches lists by what the answers say: `public` ones for everybody, `private` ones per token. */
function cachingClient(nowMs: () => number) {
  const kept = new Map<string, { text: string; untilMs: number }>();
  return async (grant: StackGrant): Promise<string> => {
    const { body, headers } = modern("tools/list", {});
    for (const key of [grant.url, `${grant.url} ${grant.token}`]) {
      const found = kept.get(key);
      if (found && found.untilMs > nowMs()) return found.text;
    }
    const answer = await mcpPost(grant, body, headers);
    const { ttlMs, cacheScope } = answer.json.result ?? {};
    const key = cacheScope === "public" ? grant.url : `${grant.url} ${grant.token}`;
    kept.set(key, { text: answer.text, untilMs: nowMs() + Number(ttlMs ?? 0) });
    return answer.text;
  };
}

describe("P3 a filtered list is never another grant's, and is forgotten soon", () => {
  const listOf = (more: string) => `{${more}"tools":[{"name":"create_charge"},{"name":"delete_customer"}]}`;
  const withHints = '"resultType":"complete","ttlMs":600000,"cacheScope":"public",';

  test.each([
    ["public for ten minutes", withHints],
    ["public without an end", '"cacheScope":"public",'],
    ["without hints", ""],
    ["with a time to live that is no number", '"ttlMs":"600000","cacheScope":"public",'],
    ["with hints in other words", '"ttlMs":6e5,"cacheScope":"PUBLIC",'],
  ])("an upstream list %s, behind one caching client of two grants", async (_name, hints) => {
    upstream.listResult = listOf(hints);
    const wide = await add("default: allow\ntools: {}");
    const policyId = await createPolicyRow(
      stack.orgId,
      'version: "1"\nhide: [delete_customer]\ndefault: allow\ntools: {}',
    );
    const { grant, token } = await createGrantRow(stack.orgId, { serverId: wide.serverId, policyId });
    const narrow: StackGrant = { ...wide, token, grantId: grant.id, policyId };
    let nowMs = 0;
    const list = cachingClient(() => nowMs);
    expect(await list(wide)).toContain("delete_customer");
    expect(await list(narrow)).not.toContain("delete_customer");
    expect(await list(wide)).toContain("delete_customer");
    // What is hidden from now on has left the client's cache half a minute later.
    await stack.publish(wide, 'version: "1"\nhide: [delete_customer]\ndefault: allow\ntools: {}');
    nowMs += 30_001;
    expect(await list(wide)).not.toContain("delete_customer");
  });

  test.each(["resources/list", "resources/templates/list", "prompts/list", "resources/read"])(
    "%s is private too and keeps its time to live",
    async (method) => {
      upstream.otherResult = '{"resultType":"complete","ttlMs":600000,"cacheScope":"public","resources":[]}';
      const { body, headers } = modern(method, { uri: "a:b" });
      const { json } = await mcpPost(await add("default: allow\ntools: {}"), body, headers);
      expect(json.result).toMatchObject({ ttlMs: 600_000, cacheScope: "private" });
    },
  );

  test("a list of an older revision gets no hints: it is the upstream's own but for the hidden tools", async () => {
    upstream.listResult = listOf("");
    const grant = await add("hide: [delete_customer]\ndefault: allow\ntools: {}");
    const { json } = await mcpPost(grant, { jsonrpc: "2.0", id: 1, method: "tools/list" });
    expect(json.result?.tools?.map(({ name }) => name)).toEqual(["create_charge"]);
    expect(Object.keys(json.result ?? {})).toEqual(["tools"]);
  });
});
