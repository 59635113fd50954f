import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { pool } from "@/lib/db/db.server";
import { makeToken } from "@/lib/grants/token.server";
import { updateServer } from "@/lib/servers/servers.server";
import { createSystemCtx } from "@/lib/testing/factories";
import { expectFailure, type Want } from "@/lib/testing/failure-row";
import { startGatewayStack, type GatewayStack, type StackGrant } from "@/lib/testing/gateway-stack";
import { callOf, mcpPost, modern, type McpResponse } from "@/lib/testing/mcp-post";
import { ofClients } from "@/lib/testing/denied";
import { scriptedTools, startScriptedUpstream, type ScriptedUpstream } from "@/lib/testing/scripted-upstream";

// The failure table of docs/gateway.md: what is refused before anything is sent. The other half is upstream-failure.gateway.test.ts.

const policy = `
version: "1"
hide: [delete_customer]
methods: {"prompts/get": deny}
tools:
  create_charge:
    rules:
      - name: "max/day"
        conditions: [{path: args.amount, op: lte, value: 50000}]
        on_deny: "At most 50000"
      - name: "spend"
        limit: {sum: args.amount, max: 60000, window: hour}
        on_deny: "Spent"
  create_refund:
    rules:
      - {name: ask, action: require_approval}
`;

let upstream: ScriptedUpstream;
let stack: GatewayStack;

beforeAll(async () => {
  upstream = await startScriptedUpstream();
  const inFlight = { perServer: 1, waitMs: 50 };
  stack = await startGatewayStack({ upstreamUrl: upstream.url, policy, tools: scriptedTools, inFlight });
});
afterAll(async () => {
  await stack.close();
  await upstream.close();
});
beforeEach(() => {
  upstream.reset();
});

const add = (text: string | null = policy) =>
  stack.add({ upstreamUrl: upstream.url, policy: text, tools: scriptedTools });

type Ask = (grant: StackGrant) => Promise<McpResponse>;

interface Situation {
  name: string;
  /** Brings the grant into the situation. */
  arrange?: (grant: StackGrant) => Promise<unknown>;
  policy?: string | null;
  call?: Want;
  callAs?: Ask;
  /** A request that is no tool call: `resources/read` where the row names nothing else. */
  other?: Want;
  otherAs?: Ask;
}

const calling =
  (name: string, args: unknown): Ask =>
  (grant) =>
    mcpPost(grant, callOf(name, args));
const charge = calling("create_charge", { amount: 1 });
const read: Ask = (grant) =>
  mcpPost(grant, { jsonrpc: "2.0", id: 1, method: "resources/read", params: { uri: "a:b" } });
const withHeaders =
  (headers: Record<string, string>): Ask =>
  (grant) =>
    mcpPost(grant, callOf("create_charge", { amount: 1 }), headers);
const withBody =
  (body: string): Ask =>
  (grant) =>
    mcpPost(grant, body);
const atUrl =
  (change: (url: string) => string, method = "POST"): Ask =>
  async (grant) => {
    if (method === "POST") return mcpPost({ ...grant, url: change(grant.url) }, callOf("create_charge", { amount: 1 }));
    const response = await fetch(change(grant.url), { method, headers: { Authorization: `Bearer ${grant.token}` } });
    const text = await response.text();
    const json = (text.startsWith("{") ? JSON.parse(text) : {}) as McpResponse["json"];
    return { status: response.status, headers: response.headers, text, json, decision: null };
  };

const both = (want: Want): Pick<Situation, "call" | "other"> => ({ call: want, other: want });
const refused = (code: number, reason: string, rule = "(malformed)", status = 400): Want => ({
  status,
  code,
  reason,
  rule,
});
const denied = (reason: string, rule: string): Want => ({ status: 200, prefix: "D", reason, rule });
const unauthorised: Want = {
  status: 401,
  code: -31001,
  reason: null,
  rule: null,
  headers: { "www-authenticate": /^Bearer realm="policylayer", error="invalid_token"/ },
};
const sql = (text: string) => (grant: StackGrant) => pool().query(text, [grant.grantId]);
const body = (args: string) =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_charge","arguments":${args}}}`;
const readBody = (uri: string) => `{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":${uri}}}`;

const door: Situation[] = [
  {
    name: "foreign Origin",
    callAs: withHeaders({ Origin: "https://evil.example" }),
    call: { status: 403, reason: null, rule: null },
  },
  {
    name: "wrong HTTP method",
    callAs: atUrl((url) => url, "PUT"),
    call: { status: 405, code: -32600, reason: null, rule: null, headers: { allow: /^POST, GET, DELETE$/ } },
  },
  {
    name: "unknown path",
    callAs: atUrl((url) => `${url}/more`),
    call: { status: 404, code: -32600, reason: null, rule: null },
  },
  {
    name: "token in URL",
    callAs: atUrl((url) => `${url}?access_token=x`),
    call: { status: 400, code: -32600, reason: "token_in_url", rule: null },
  },
  { name: "unknown token", callAs: (grant) => charge({ ...grant, token: makeToken() }), call: unauthorised },
  {
    name: "grant not yet valid",
    arrange: sql(`UPDATE "grant" SET not_before = now() + interval '1 h' WHERE id = $1`),
    ...both(unauthorised),
  },
  {
    name: "grant expired",
    arrange: sql(`UPDATE "grant" SET expires_at = now() - interval '1 s' WHERE id = $1`),
    ...both({ ...unauthorised, rule: "(grant expired)", logged: "grant_expired" }),
  },
  {
    name: "grant revoked",
    arrange: (grant) => stack.revoke(grant),
    ...both({ ...unauthorised, rule: "(grant revoked)", logged: "grant_revoked" }),
  },
  {
    name: "grant of another server",
    callAs: (grant) => charge({ ...grant, url: stack.url }),
    call: { ...unauthorised, rule: "(wrong server)", logged: "wrong_server" },
  },
  {
    name: "too many failed attempts",
    callAs: async (grant) => {
      for (let attempt = 0; attempt < 6; attempt += 1) await charge({ ...grant, token: makeToken() });
      return charge({ ...grant, token: makeToken() });
    },
    call: { status: 429, code: -31004, reason: null, rule: null, headers: { "retry-after": /^\d+$/ } },
  },
];

const bytes: Situation[] = [
  {
    name: "body too large",
    callAs: withBody(body(`{"amount":1,"x":"${"x".repeat(1_048_576)}"}`)),
    otherAs: withBody(readBody(`"${"x".repeat(1_048_576)}"`)),
    ...both(refused(-32600, "too_large", "(malformed)", 413)),
  },
  {
    name: "encoded body",
    callAs: withHeaders({ "Content-Encoding": "gzip" }),
    call: refused(-32600, "content_type", "(malformed)", 415),
  },
  {
    name: "not JSON type",
    callAs: withHeaders({ "Content-Type": "text/plain" }),
    call: refused(-32600, "content_type", "(malformed)", 415),
  },
  ...(
    [
      ["encoding", '"\\ud800"'],
      ["syntax", "1,"],
      ["depth", `${"[".repeat(80)}${"]".repeat(80)}`],
      ["number", "1e99"],
      ["duplicate_key", '{"a":1,"a":2}'],
    ] as const
  ).map(([reason, text]): Situation => ({
    name: reason,
    callAs: withBody(body(`{"amount":${text}}`)),
    otherAs: withBody(readBody(text)),
    ...both(refused(-32700, reason)),
  })),
  {
    name: "folding key",
    callAs: withBody(body('{"Amount":1}')),
    otherAs: withBody(readBody('"a"').replace('"params"', '"Params"')),
    ...both(refused(-32600, "folded_key")),
  },
  {
    name: "unknown top-level key",
    callAs: withBody(body("{}").replace('"id"', '"more":1,"id"')),
    otherAs: withBody(readBody('"a"').replace('"id"', '"more":1,"id"')),
    ...both(refused(-32600, "envelope")),
  },
  {
    name: "bad id",
    callAs: withBody(body("{}").replace('"id":1', '"id":{}')),
    otherAs: withBody(readBody('"a"').replace('"id":1', '"id":{}')),
    ...both(refused(-32600, "id")),
  },
  {
    name: "batch",
    callAs: withBody(`[${body("{}")}]`),
    otherAs: withBody(`[${readBody('"a"')}]`),
    ...both(refused(-32600, "batch", "(batch)")),
  },
  { name: "`arguments` not an object", callAs: withBody(body("[1]")), call: refused(-32602, "arguments") },
  {
    name: "header against body",
    callAs: (grant) =>
      mcpPost(grant, modern("tools/call", { name: "create_charge" }).body, {
        "MCP-Protocol-Version": "2026-07-28",
        "Mcp-Method": "ping",
      }),
    otherAs: (grant) =>
      mcpPost(grant, modern("resources/read", { uri: "a:b" }).body, {
        "MCP-Protocol-Version": "2026-07-28",
        "Mcp-Method": "ping",
      }),
    ...both(refused(-32020, "header_mismatch", "(header mismatch)")),
  },
  {
    name: "unknown revision, legacy",
    callAs: withHeaders({ "MCP-Protocol-Version": "1999-01-01" }),
    call: refused(-32600, "version"),
  },
  {
    name: "unknown revision, modern",
    callAs: (grant) => {
      const sent = modern("tools/call", { name: "create_charge", arguments: {} });
      const text = JSON.stringify(sent.body).replaceAll("2026-07-28", "2099-01-01");
      return mcpPost(grant, text, { ...sent.headers, "MCP-Protocol-Version": "2099-01-01" });
    },
    call: refused(-32022, "version"),
  },
  {
    name: "`_meta` members missing",
    callAs: withHeaders({
      "MCP-Protocol-Version": "2026-07-28",
      "Mcp-Method": "tools/call",
      "Mcp-Name": "create_charge",
    }),
    call: refused(-32602, "meta"),
  },
  {
    name: "unknown session",
    callAs: withHeaders({ "Mcp-Session-Id": "nobody's", "MCP-Protocol-Version": "2025-11-25" }),
    call: { status: 404, code: -32001, reason: "session", rule: "(session)" },
  },
];

const afterMs = 3_600_000;
const decisions: Situation[] = [
  {
    name: "unknown method, legacy",
    otherAs: (grant) => mcpPost(grant, { jsonrpc: "2.0", id: 1, method: "vendor/x" }),
    other: { status: 200, code: -32601, reason: null, rule: "(unknown method)", logged: "unknown_method" },
  },
  {
    name: "unknown method, modern",
    otherAs: (grant) => {
      const sent = modern("ping", {});
      return mcpPost(grant, sent.body, sent.headers);
    },
    other: { status: 404, code: -32601, reason: null, rule: "(unknown method)", logged: "unknown_method" },
  },
  {
    name: "method denied",
    otherAs: (grant) => mcpPost(grant, { jsonrpc: "2.0", id: 1, method: "prompts/get", params: { name: "a" } }),
    other: { status: 200, code: -31001, reason: "method_denied", rule: "/methods/prompts~1get" },
  },
  {
    name: "server disabled",
    arrange: async (grant) => updateServer(await createSystemCtx(stack.orgId), grant.serverId, { enabled: false }),
    call: denied("server_disabled", "(server disabled)"),
    other: { status: 200, code: -31001, reason: "server_disabled", rule: "(server disabled)" },
  },
  {
    name: "no policy on the grant",
    policy: null,
    call: denied("no_policy", "(no policy)"),
    other: { status: 200, code: -31001, reason: "no_policy", rule: "(no policy)" },
  },
  {
    name: "hidden tool",
    callAs: calling("delete_customer", {}),
    call: { status: 200, code: -32602, reason: null, rule: "(hidden)", logged: "hidden" },
  },
  {
    name: "unknown tool",
    callAs: calling("nobody_has_it", {}),
    call: { status: 200, code: -32602, reason: null, rule: "(unknown tool)", logged: "unknown_tool" },
  },
  {
    name: "unlisted tool, default deny",
    callAs: calling("list_customers", {}),
    call: denied("default_deny", "(default deny)"),
  },
  {
    name: "rule denies",
    callAs: calling("create_charge", { amount: 50_001 }),
    call: denied("rule", "/tools/create_charge/rules/max~1day"),
  },
  {
    name: "argument missing",
    callAs: calling("create_charge", {}),
    call: denied("absent", "/tools/create_charge/rules/max~1day"),
  },
  {
    name: "argument of the wrong type",
    callAs: calling("create_charge", { amount: "1" }),
    call: denied("type", "/tools/create_charge/rules/max~1day"),
  },
  {
    name: "amount that is none",
    callAs: calling("create_charge", { amount: -1 }),
    call: denied("amount", "/tools/create_charge/rules/spend"),
  },
  {
    name: "limit reached",
    policy: policy.replace("max: 60000", "max: 0.5"),
    call: { ...denied("limit", "/tools/create_charge/rules/spend"), decision: "rate_limited", retryMs: [1, afterMs] },
  },
  {
    name: "approval asked for",
    callAs: calling("create_refund", {}),
    call: denied("approval_required", "/tools/create_refund/rules/ask"),
  },
  {
    name: "concurrency cap",
    arrange: async (grant) => {
      upstream.plan = ["hang"];
      const busy = await stack.twin(grant, "busy");
      void charge(busy).catch(() => undefined);
      await expect.poll(() => upstream.executed.length).toBe(1);
    },
    call: { ...denied("concurrency", "(concurrency)"), decision: "rate_limited", retryMs: [1_000, 1_000] },
    other: {
      status: 429,
      code: -31004,
      reason: "concurrency",
      rule: "(concurrency)",
      decision: "rate_limited",
      retryMs: [1_000, 1_000],
    },
  },
];

describe.each([
  ["door", door],
  ["bytes", bytes],
  ["decision", decisions],
] as const)("failure table, %s", (_part, situations) => {
  const cells = situations.flatMap((row) => [
    ...(row.call ? [[row.name, "tools/call", row.call, row.callAs ?? charge, row] as const] : []),
    ...(row.other ? [[row.name, "other", row.other, row.otherAs ?? read, row] as const] : []),
  ]);

  test.each(cells)("%s: %s", async (_name, _column, want, ask, row) => {
    const grant = await add(row.policy === undefined ? policy : row.policy);
    await row.arrange?.(grant);
    const before = upstream.executed.length;
    await expectFailure(stack, grant, await ask(grant), want);
    expect(upstream.executed.length).toBe(before);
    expect(ofClients(upstream).length).toBe(before);
  });
});
