import { Client } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { flushTouchedGrants } from "@/lib/grants/grants.server";
import { expectDenied } from "@/lib/testing/denied";
import { startGatewayStack, type GatewayStack, type StackGrant } from "@/lib/testing/gateway-stack";
import { callOf, mcpPost, modern } from "@/lib/testing/mcp-post";
import { rawPost, sendRaw, type RawAnswer } from "@/lib/testing/raw-http";
import { scriptedTools, startScriptedUpstream, type ScriptedUpstream } from "@/lib/testing/scripted-upstream";

const policy = `
version: "1"
tools:
  create_charge:
    rules:
      - name: "max"
        conditions: [{path: args.amount, op: lte, value: 50000}]
      - name: "count"
        rate_limit: 1000/month
  list_customers: {rules: []}
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
afterEach(() => {
  vi.restoreAllMocks();
});

const add = () => stack.add({ upstreamUrl: upstream.url, policy, tools: scriptedTools });
const own = () => `127.0.0.1:${String(stack.port)}`;
const charge = JSON.stringify(callOf("create_charge", { amount: 1 }));

function errorOf(answer: RawAnswer): { code: unknown; reason: unknown } {
  const { error } = JSON.parse(answer.body) as {
    error?: { code?: number; data?: Record<string, { reason: string } | undefined> };
  };
  return { code: error?.code, reason: error?.data?.["policylayer/decision"]?.reason };
}

describe("H2 a security header that stands twice is refused, whatever the two lines say", () => {
  const twice: [name: string, first: () => string, second: string][] = [
    ["Host", own, "evil.example"],
    ["Authorization", () => `Bearer ${stack.token}`, "Bearer other"],
    ["Origin", () => `http://${own()}`, "null"],
    ["Content-Type", () => "application/json", "text/plain"],
    ["MCP-Protocol-Version", () => "2025-11-25", "2026-07-28"],
    ["Mcp-Method", () => "tools/call", "tools/list"],
    ["Mcp-Name", () => "create_charge", "list_customers"],
    ["Mcp-Session-Id", () => "s1", "s2"],
    ["Mcp-Param-X", () => "1", "2"],
    ["Mcp-Anything", () => "1", "2"],
  ];
  const cases = twice.flatMap((row) =>
    (["same", "other", "other case"] as const).map((kind) => [...row, kind] as const),
  );

  test.each(cases)("%s (%4$s)", async (name, first, second, kind) => {
    const lines = [`Host: ${own()}`, `Authorization: Bearer ${stack.token}`, "Content-Type: application/json"];
    const others = lines.filter((line) => !line.startsWith(`${name}:`));
    const again = kind === "same" ? `${name}: ${first()}` : `${name}: ${second}`;
    const repeated = kind === "other case" ? again.replace(name, name.toLowerCase()) : again;
    const bytes = rawPost(`/mcp/${stack.serverId}`, [...others, `${name}: ${first()}`, repeated], charge);
    const answer = await sendRaw(stack.port, bytes);
    // Two Host lines already end in Node's own parser.
    expect(answer.status).toBe(400);
    if (name !== "Host") expect(errorOf(answer)).toEqual({ code: -32600, reason: "duplicate_header" });
    expect(upstream.received).toEqual([]);
    expect(await stack.log(stack)).toEqual([]);
  });

  test.each(["5", "999"])("Content-Length twice (%s)", async (second) => {
    const lines = [`Host: ${own()}`, `Authorization: Bearer ${stack.token}`, `Content-Length: ${second}`];
    const answer = await sendRaw(stack.port, rawPost(`/mcp/${stack.serverId}`, lines, charge));
    expect(answer.status).toBe(400);
    expect(upstream.received).toEqual([]);
  });
});

describe("H3 a modern header that disagrees with the body is refused", () => {
  const base64 = (text: string) => `=?base64?${Buffer.from(text).toString("base64")}?=`;
  const mismatches: [name: string, header: string, value: string | null][] = [
    ["another method", "Mcp-Method", "tools/list"],
    ["no method", "Mcp-Method", null],
    ["the method in another case", "Mcp-Method", "Tools/Call"],
    ["another name", "Mcp-Name", "list_customers"],
    ["no name", "Mcp-Name", null],
    ["another name in base64", "Mcp-Name", base64("list_customers")],
    ["the name with a space in base64", "Mcp-Name", base64("create_charge ")],
    ["a name that is no base64", "Mcp-Name", "=?base64?!!?="],
    ["a name in base64 without its padding", "Mcp-Name", "=?base64?Y3JlYXRlX2NoYXJnZQ?="],
    ["a name in base64 of no UTF-8", "Mcp-Name", "=?base64?/w==?="],
    ["a parameter that is no base64", "Mcp-Param-Amount", "=?base64?A?="],
    ["another version", "MCP-Protocol-Version", "2025-11-25"],
    ["no version", "MCP-Protocol-Version", null],
  ];
  test.each(mismatches)("%s", async (_name, header, value) => {
    const grant = await add();
    const { body, headers } = modern("tools/call", { name: "create_charge", arguments: { amount: 1 } });
    const sent = Object.entries({ ...headers, [header]: value }).flatMap(([name, text]) =>
      text === null ? [] : [`${name}: ${text}`],
    );
    const lines = [`Host: ${own()}`, `Authorization: Bearer ${grant.token}`, "Content-Type: application/json", ...sent];
    const refusal = { rule: "(header mismatch)", reason: "header_mismatch" };
    const answer = await expectDenied({ stack, upstream, grant }, refusal, () =>
      sendRaw(stack.port, rawPost(`/mcp/${grant.serverId}`, lines, JSON.stringify(body))),
    );
    expect([answer.status, errorOf(answer)]).toEqual([400, { code: -32020, reason: "header_mismatch" }]);
  });

  test("the decision reads the body: a header cannot make a forbidden amount or tool pass", async () => {
    const { body, headers } = modern("tools/call", { name: "create_charge", arguments: { amount: 60_000 } });
    const grant = await add();
    const refusal = { rule: "/tools/create_charge/rules/max", reason: "rule" };
    const denied = await expectDenied({ stack, upstream, grant }, refusal, () =>
      mcpPost(grant, body, { ...headers, "Mcp-Param-Amount": "1" }),
    );
    expect(denied.json.result?.isError).toBe(true);
  });

  test("a legacy request is judged by its body even if it carries mirrors of something else", async () => {
    const answer = await mcpPost(stack, charge, { "Mcp-Method": "tools/list", "Mcp-Name": "list_customers" });
    expect(answer.json.result?.content?.[0]?.text).toBe("done");
    expect(upstream.executed.map(({ tool }) => tool)).toEqual(["create_charge"]);
  });

  test("the base64 form of the right name is the right name", async () => {
    const { body, headers } = modern("tools/call", { name: "create_charge", arguments: { amount: 1 } });
    const answer = await mcpPost(stack, body, { ...headers, "Mcp-Name": base64("create_charge") });
    expect(answer.json.result?.content?.[0]?.text).toBe("done");
  });
});

describe("H4 a foreign Host or Origin is answered 403 before any database work, on loopback too", () => {
  const foreign: [name: string, host: () => string, origin: string | (() => string) | null][] = [
    ["a foreign Host", () => "evil.example", null],
    ["a Host that only begins like ours", () => `127.0.0.1.evil.example:${String(stack.port)}`, null],
    ["our name on another port", () => "127.0.0.1:1", null],
    ["Origin null", own, "null"],
    ["a foreign Origin", own, "https://evil.example"],
    ["an Origin that only begins like ours", own, () => `http://${own()}.evil.example`],
    ["loopback on another port", own, "http://127.0.0.1:1"],
    ["loopback by another name", own, "http://localhost:1"],
  ];
  test.each(foreign)("%s", async (_name, host, origin) => {
    const grant = await add();
    const queries = await watchQueries();
    const text = typeof origin === "function" ? origin() : origin;
    for (const method of ["POST", "GET", "DELETE", "OPTIONS"]) {
      const lines = [`Host: ${host()}`, `Authorization: Bearer ${grant.token}`, "Content-Type: application/json"];
      if (text !== null) lines.push(`Origin: ${text}`);
      const post = rawPost(`/mcp/${grant.serverId}`, lines, charge).toString();
      const answer = await sendRaw(stack.port, post.replace("POST", method));
      expect([method, answer.status]).toEqual([method, 403]);
      expect(answer.body).not.toContain("jsonrpc");
      expect(answer.headers.get("access-control-allow-origin")).toBeUndefined();
    }
    expect(queries()).toEqual([]);
    expect(upstream.received).toEqual([]);
  });

  test.each(["", "127.0.0.1:80.evil.example", "a b", "[::1", "evil.example/127.0.0.1"])(
    "a Host that is none (%j) is refused as early",
    async (host) => {
      const queries = await watchQueries();
      const lines = [`Host: ${host}`, `Authorization: Bearer ${stack.token}`, "Content-Type: application/json"];
      const answer = await sendRaw(stack.port, rawPost(`/mcp/${stack.serverId}`, lines, charge));
      expect([400, 403]).toContain(answer.status);
      expect(queries()).toEqual([]);
      expect(upstream.received).toEqual([]);
    },
  );

  test("the query log that these tests look at is not deaf", async () => {
    const grant = await add();
    const queries = await watchQueries();
    expect((await mcpPost(grant, charge, { Origin: `http://${own()}` })).status).toBe(200);
    expect(queries().join()).toMatch(/grant/i);
  });
});

/** The statements that reach PostgreSQL from now on, without the heartbeats of the ledger and the listener and the news of what earlier tests left. */
async function watchQueries(): Promise<() => string[]> {
  await flushTouchedGrants();
  const query = vi.spyOn(Client.prototype, "query");
  return () => {
    const texts = query.mock.calls.map(([statement]) => {
      const given: unknown = statement;
      if (typeof given === "string") return given;
      return (given as { text?: string } | null)?.text ?? String(given);
    });
    return texts.filter((text) => !/replica_lease|pg_notify|^SELECT 1$/.test(text));
  };
}

describe("H12 what is no request of the protocol is answered without the upstream", () => {
  const answers = async (method: string, lines: string[], grant: StackGrant): Promise<RawAnswer> => {
    const head = [`${method} /mcp/${grant.serverId} HTTP/1.1`, `Host: ${own()}`, ...lines, "Connection: close", "", ""];
    return sendRaw(stack.port, head.join("\r\n"));
  };
  test.each([
    ["TRACE", "", 405, "POST, GET, DELETE"],
    ["OPTIONS", "", 405, "POST, GET, DELETE"],
    ["PUT", "", 405, "POST, GET, DELETE"],
    ["PATCH", "", 405, "POST, GET, DELETE"],
    ["HEAD", "", 405, "POST, GET, DELETE"],
    ["PROPFIND", "", 405, "POST, GET, DELETE"],
    ["GET", "2026-07-28", 405, "POST"],
    ["DELETE", "2026-07-28", 405, "POST"],
    ["OPTIONS", "2026-07-28", 405, "POST"],
  ] as const)("%s %s", async (method, version, status, allow) => {
    const cors = [`Origin: http://${own()}`, "Access-Control-Request-Method: POST"];
    const lines = [`Authorization: Bearer ${stack.token}`, ...(version ? [`MCP-Protocol-Version: ${version}`] : [])];
    const answer = await answers(method, [...cors, ...lines], stack);
    expect([answer.status, answer.headers.get("allow")]).toEqual([status, allow]);
    expect([...answer.headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
    expect(answer.body).not.toContain(stack.token);
    expect(upstream.received).toEqual([]);
  });

  test.each([
    ["legacy", "vendor/secret", 200],
    ["legacy", "server/discover", 200],
    ["legacy", "notifications/initialized", 200],
    ["modern", "vendor/secret", 404],
    ["modern", "initialize", 404],
    ["modern", "ping", 404],
    ["modern", "logging/setLevel", 404],
    ["modern", "resources/subscribe", 404],
    ["modern", "tasks/list", 404],
  ] as const)("%s %s is no method here", async (era, method, status) => {
    const grant = await add();
    const { body, headers } = modern(method, {});
    const answer = await expectDenied({ stack, upstream, grant }, unknownMethod, () =>
      era === "modern" ? mcpPost(grant, body, headers) : mcpPost(grant, { jsonrpc: "2.0", id: 1, method, params: {} }),
    );
    expect([answer.status, answer.json]).toEqual([
      status,
      { jsonrpc: "2.0", id: 1, error: { code: -32601, message: "Method not found" } },
    ]);
  });

  test("an unknown notification is dropped with 202", async () => {
    const grant = await add();
    const answer = await expectDenied({ stack, upstream, grant }, unknownMethod, () =>
      mcpPost(grant, { jsonrpc: "2.0", method: "notifications/vendor" }),
    );
    expect([answer.status, answer.text]).toEqual([202, ""]);
  });
});

const unknownMethod = { rule: "(unknown method)", reason: "unknown_method" };

describe("P12 the version of a request, by header and body", () => {
  const meta = (version: unknown, more: object = { "io.modelcontextprotocol/clientCapabilities": {} }) => ({
    _meta: { "io.modelcontextprotocol/protocolVersion": version, ...more },
  });
  const mirrors = { "Mcp-Method": "tools/call", "Mcp-Name": "create_charge" };
  const params = { name: "create_charge", arguments: { amount: 1 } };
  const passed: [name: string, version: string | null, body: object, era: string][] = [
    ["no header is the oldest revision", null, {}, "2025-03-26"],
    ["an old header", "2025-06-18", {}, "2025-06-18"],
    ["header and body agree on an old one", "2025-11-25", meta("2025-11-25"), "2025-11-25"],
    ["header and body agree on the newest", "2026-07-28", meta("2026-07-28"), "2026-07-28"],
  ];
  test.each(passed)("%s", async (_name, version, more, revision) => {
    const grant = await add();
    const headers = version === null ? {} : { "MCP-Protocol-Version": version, ...mirrors };
    const answer = await mcpPost(grant, callOfParams({ ...params, ...more }), headers);
    expect(answer.json.result?.content?.[0]?.text).toBe("done");
    expect(upstream.received.at(-1)?.headers["mcp-protocol-version"]).toBe(version ?? undefined);
    expect((await stack.log(grant))[0]?.record).toContain(`"protocolVersion":"${revision}"`);
  });

  const refused: [name: string, version: string | null, body: object, code: number, reason: string][] = [
    ["an unknown header", "1999-01-01", {}, -32600, "version"],
    ["an empty header", "", {}, -32600, "version"],
    ["a header with more behind it", "2025-11-25, 2026-07-28", {}, -32600, "version"],
    ["a newest body without a header", null, meta("2026-07-28"), -32020, "header_mismatch"],
    ["an old header against a newest body", "2025-11-25", meta("2026-07-28"), -32020, "header_mismatch"],
    ["a newest header against an old body", "2026-07-28", meta("2025-11-25"), -32020, "header_mismatch"],
    ["a newest header without a body", "2026-07-28", {}, -32602, "meta"],
    ["a body without capabilities", "2026-07-28", meta("2026-07-28", {}), -32602, "meta"],
    ["a version that is no text", "2026-07-28", meta(20260728), -32602, "meta"],
    ["an unknown version in both", "2099-01-01", meta("2099-01-01"), -32022, "version"],
  ];
  test.each(refused)("%s", async (_name, version, more, code, reason) => {
    const grant = await add();
    const headers = version === null ? {} : { "MCP-Protocol-Version": version, ...mirrors };
    const rule = reason === "header_mismatch" ? "(header mismatch)" : "(malformed)";
    const answer = await expectDenied({ stack, upstream, grant }, { rule, reason }, () =>
      mcpPost(grant, callOfParams({ ...params, ...more }), headers),
    );
    expect([answer.status, answer.json.error?.code, answer.decision?.["reason"]]).toEqual([400, code, reason]);
    if (code === -32022) expect(answer.json.error?.data?.["supported"]).toContain("2026-07-28");
  });
});

function callOfParams(params: object) {
  return { jsonrpc: "2.0", id: 1, method: "tools/call", params };
}
