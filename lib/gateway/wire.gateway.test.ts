import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startGatewayStack, type GatewayStack } from "@/lib/testing/gateway-stack";
import { callOf, mcpPost, modern, textOf } from "@/lib/testing/mcp-post";
import { rawPost, sendRaw, type RawAnswer } from "@/lib/testing/raw-http";
import { scriptedTools, startScriptedUpstream, type ScriptedUpstream } from "@/lib/testing/scripted-upstream";

const policy = `
version: "1"
tools:
  create_charge:
    rules:
      - name: "max"
        conditions: [{path: args.amount, op: lte, value: 50000}]
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

const host = () => `Host: 127.0.0.1:${String(stack.port)}`;
const bearer = (grant = stack) => `Authorization: Bearer ${grant.token}`;
const json = "Content-Type: application/json";

function send(body: Uint8Array | string, lines?: string[], grant = stack): Promise<RawAnswer> {
  return sendRaw(stack.port, rawPost(`/mcp/${grant.serverId}`, lines ?? [host(), bearer(grant), json], body));
}

function codeOf(answer: RawAnswer): unknown {
  return (JSON.parse(answer.body) as { error?: { code: number } }).error?.code;
}

function reasonOf(answer: RawAnswer): unknown {
  const { error } = JSON.parse(answer.body) as { error?: { data?: Record<string, { reason: string }> } };
  return error?.data?.["policylayer/decision"]?.reason;
}

/** A grant of its own per case: rows of one grant are merged after twenty in a minute. */
async function expectDenied(
  body: Uint8Array | string,
  code: number,
  reason: string,
  rule = "(malformed)",
): Promise<void> {
  const grant = await stack.add({ upstreamUrl: upstream.url, policy, tools: scriptedTools });
  const answer = await send(body, undefined, { ...stack, ...grant });
  expect([answer.status, codeOf(answer), reasonOf(answer)]).toEqual([400, code, reason]);
  expect(upstream.received).toEqual([]);
  expect(await stack.log(grant)).toMatchObject([{ kind: "decision", decision: "deny", rule, reason }]);
}

const call = (args: string, more = "") =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_charge","arguments":${args}}${more}}`;

describe("W1 a key that stands twice is refused, whichever one would win", () => {
  test.each([
    call('{"amount":1}', ',"id":2'),
    call('{"amount":1}', ',"method":"tools/list"'),
    call('{"amount":1}', ',"params":{}'),
    '{"jsonrpc":"2.0","jsonrpc":"2.0","id":1,"method":"ping"}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_customers","name":"create_charge"}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_charge","arguments":{},"arguments":{"amount":9}}}',
    call('{"amount":1,"amount":900000}'),
    call('{"amount":1,"\\u0061mount":900000}'),
    call('{"\\u0061mount":1,"amount":900000}'),
    call('{"deep":{"a":[{"x":1,"x":2}]},"amount":1}'),
    call('{"amount":1,"__proto__":{"amount":2},"__proto__":{}}'),
    call('{"amount":1,"":1,"":2}'),
  ])("%s", async (body) => {
    await expectDenied(body, -32700, "duplicate_key");
  });
});

describe("W7 a key that folds to a known one is refused", () => {
  test.each([
    ['{"jsonrpc":"2.0","id":1,"Method":"tools/call","params":{}}', "folded_key"],
    ['{"jsonrpc":"2.0","id":1,"method":"tools/call","Params":{"name":"create_charge"}}', "folded_key"],
    ['{"jsonrpc":"2.0","id":1,"method":"tools/call","param\u017f":{"name":"create_charge"}}', "folded_key"],
    [
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_charge","Arguments":{"amount":9}}}',
      "folded_key",
    ],
    [
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"Name":"create_charge","arguments":{"amount":9}}}',
      "folded_key",
    ],
    [call('{"Amount":900000}'), "folded_key"],
    [call('{"\uff41mount":900000}'), "folded_key"],
    [call('{"AMOUNT":900000,"currency":"usd"}'), "folded_key"],
  ])("%s", async (body, reason) => {
    await expectDenied(body, -32600, reason);
  });

  test("two argument keys that differ by case only are refused by the reader", async () => {
    const answer = await send(call('{"amount":1,"Amount":900000}'));
    expect([answer.status, reasonOf(answer)]).toEqual([400, "folded_key"]);
    expect(upstream.executed).toEqual([]);
  });

  test("a key that no rule reads may be written in any case", async () => {
    const answer = await send(call('{"amount":1,"Customer":"c"}'));
    expect(answer.status).toBe(200);
    expect(upstream.executed).toHaveLength(1);
  });
});

describe("W9 only plain UTF-8 is read", () => {
  const text = call('{"amount":1}');
  test.each([
    ["byte order mark", Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)])],
    ["UTF-16", Buffer.from(text, "utf16le")],
    ["a lone continuation byte", Buffer.from(text.replace("create", "\u0000create"), "latin1").fill(0x80, 60, 61)],
    [
      "an overlong slash",
      Buffer.concat([Buffer.from('{"jsonrpc":"2.0","id":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')]),
    ],
    ["a lone surrogate", Buffer.from(call('{"amount":1,"note":"\\ud800"}'))],
    ["NUL in a string", Buffer.from(call('{"amount":1,"note":"a\\u0000b"}'))],
  ])("%s", async (_name, body) => {
    await expectDenied(body, -32700, "encoding");
  });

  test("W2 a number beyond 30 digits or 10^±30 is refused", async () => {
    await expectDenied(call('{"amount":1e999}'), -32700, "number");
    await expectDenied(call(`{"amount":0.${"1".repeat(31)}}`), -32700, "number");
  });

  test("W8 a body of 10,000 levels is refused quickly", async () => {
    const started = performance.now();
    const answer = await send(call(`{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}`));
    expect([answer.status, reasonOf(answer)]).toEqual([400, "depth"]);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe("W10 batches and bad ids are refused and nothing runs", () => {
  const one = call('{"amount":1}');
  test.each([
    [`[${one}]`, "batch"],
    ["[]", "batch"],
    [`[${one},${one}]`, "batch"],
    [one.replace('"id":1', '"id":{}'), "id"],
    [one.replace('"id":1', '"id":null'), "id"],
    [one.replace('"id":1', '"id":[1]'), "id"],
    [one.replace('"id":1', '"id":true'), "id"],
    [one.replace('"id":1', '"id":9007199254740993'), "id"],
    [one.replace('"id":1', '"id":1.5'), "id"],
    [one.replace('"id":1,', ""), "id"],
    ['"text"', "envelope"],
    [one.replace('"2.0"', '"1.0"'), "envelope"],
    [`${one.slice(0, -1)},"extra":1}`, "envelope"],
  ])("%s", async (body, reason) => {
    await expectDenied(body, -32600, reason, reason === "batch" ? "(batch)" : "(malformed)");
  });

  test("arguments that are no object are refused", async () => {
    for (const args of ["[1]", '"x"', "1", "null"]) await expectDenied(call(args), -32602, "arguments");
  });

  test("an id that is in flight in the same session cannot be used again", async () => {
    upstream.mode = "hang";
    const session = { "Mcp-Session-Id": "s1", "MCP-Protocol-Version": "2025-11-25" };
    const first = mcpPost(stack, callOf("create_charge", { amount: 1 }, 7), session);
    await expect.poll(() => upstream.executed.length).toBe(1);
    const second = await mcpPost(stack, callOf("create_charge", { amount: 1 }, 7), session);
    expect([second.status, second.json.error?.code, second.decision?.["reason"]]).toEqual([400, -32600, "id"]);
    expect(upstream.executed).toHaveLength(1);
    upstream.release();
    expect((await first).json.result?.content?.[0]?.text).toBe("done");
  });
});

describe("H2 a security header that stands twice is refused", () => {
  test.each([
    "Authorization",
    "Origin",
    "Content-Type",
    "Mcp-Method",
    "Mcp-Name",
    "Mcp-Session-Id",
    "MCP-Protocol-Version",
    "Mcp-Param-X",
  ])("%s", async (name) => {
    const values: Record<string, string> = {
      Authorization: `Bearer ${stack.token}`,
      Origin: `http://127.0.0.1:${String(stack.port)}`,
      "Content-Type": "application/json",
    };
    const line = `${name}: ${values[name] ?? "x"}`;
    const lines = [host(), bearer(), json].filter((known) => !known.startsWith(`${name}:`));
    const answer = await send(call('{"amount":1}'), [...lines, line, line]);
    expect([answer.status, codeOf(answer), reasonOf(answer)]).toEqual([400, -32600, "duplicate_header"]);
    expect(upstream.received).toEqual([]);
  });

  test("Host twice never reaches the upstream", async () => {
    const answer = await send(call('{"amount":1}'), [host(), host(), bearer(), json]);
    expect(answer.status).toBe(400);
    expect(upstream.received).toEqual([]);
  });
});

test("H3 a modern header that disagrees with the body is refused, and the body decides", async () => {
  const { body, headers } = modern("tools/call", { name: "create_charge", arguments: { amount: 1 } });
  for (const [name, value] of [
    ["Mcp-Method", "tools/list"],
    ["Mcp-Name", "list_customers"],
    ["Mcp-Name", "=?base64?!!?="],
    ["Mcp-Param-X", "=?base64?A?="],
    ["MCP-Protocol-Version", "2025-11-25"],
  ] as const) {
    const answer = await mcpPost(stack, body, { ...headers, [name]: value });
    expect([answer.status, answer.json.error?.code]).toEqual([400, -32020]);
  }
  const missing = await mcpPost(stack, { ...body, params: { name: "create_charge" } }, headers);
  expect([missing.status, missing.json.error?.code]).toEqual([400, -32602]);
  const encoded = `=?base64?${Buffer.from("create_charge").toString("base64")}?=`;
  const fine = await mcpPost(stack, body, { ...headers, "Mcp-Name": encoded });
  expect(fine.json.result?.content?.[0]?.text).toBe("done");
  expect(upstream.executed).toHaveLength(1);
});

test("an unknown protocol revision is refused in each era's own way", async () => {
  const legacy = await mcpPost(stack, callOf("create_charge", { amount: 1 }), { "MCP-Protocol-Version": "1999-01-01" });
  expect([legacy.status, legacy.json.error?.code]).toEqual([400, -32600]);
  const { body, headers } = modern("tools/call", { name: "create_charge", arguments: { amount: 1 } });
  const text = JSON.stringify(body).replaceAll("2026-07-28", "2099-01-01");
  const future = await mcpPost(stack, text, { ...headers, "MCP-Protocol-Version": "2099-01-01" });
  expect([future.status, future.json.error?.code]).toEqual([400, -32022]);
  expect(future.json.error?.data?.["supported"]).toContain("2026-07-28");
  expect(upstream.received).toEqual([]);
});

test("P1 both eras get the same decision; a modern one says that it is complete", async () => {
  const args = { name: "create_charge", arguments: { amount: 60_000 } };
  const old = await mcpPost(stack, { jsonrpc: "2.0", id: 1, method: "tools/call", params: args });
  const { body, headers } = modern("tools/call", args);
  const now = await mcpPost(stack, body, headers);
  expect(textOf(now)).toBe(textOf(old));
  expect(now.json.result?.resultType).toBe("complete");
  expect(old.json.result?.resultType).toBeUndefined();
  const omit = (decision: Record<string, unknown> | null) => ({ ...decision, decisionId: "" });
  expect(omit(now.decision)).toEqual(omit(old.decision));
});

test("H9 only the allow-list of headers reaches the upstream, with the credential of the server", async () => {
  const grant = await stack.add({
    upstreamUrl: upstream.url,
    policy,
    tools: scriptedTools,
    headers: { Authorization: "Bearer upstream-secret" },
  });
  await mcpPost(grant, callOf("create_charge", { amount: 1 }), {
    Cookie: "a=b",
    Referer: "http://x.example/",
    "X-Forwarded-For": "1.2.3.4",
    Forwarded: "for=1.2.3.4",
    "Proxy-Authorization": "Basic x",
    "X-Middleware-Subrequest": "x",
    "X-Nextjs-Data": "1",
    "X-Api-Key": "mine",
    "Accept-Encoding": "gzip",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "Last-Event-ID": "e1",
    "MCP-Protocol-Version": "2025-11-25",
  });
  const seen = upstream.received.at(-1)?.headers ?? {};
  expect({ ...seen, host: "", "content-length": "" }).toEqual({
    host: "",
    connection: "keep-alive",
    "content-type": "application/json",
    "content-length": "",
    accept: "application/json, text/event-stream",
    "accept-encoding": "identity",
    "user-agent": expect.stringMatching(/^policylayer\//) as string,
    authorization: "Bearer upstream-secret",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "last-event-id": "e1",
    "mcp-protocol-version": "2025-11-25",
  });
});

test("H11 private headers of the upstream never reach the client", async () => {
  upstream.mode = "hostile-headers";
  const { headers } = await mcpPost(stack, callOf("create_charge", { amount: 1 }));
  for (const name of ["set-cookie", "content-security-policy", "location", "x-internal", "www-authenticate"]) {
    expect(headers.get(name)).toBeNull();
  }
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("cache-control")).toBe("no-store");
  expect(headers.get("policylayer-decision")).toMatch(/^[0-9a-f-]{36}$/);
});

test("H12 other HTTP methods and unknown methods are answered without the upstream", async () => {
  for (const method of ["PUT", "PATCH", "OPTIONS", "HEAD"]) {
    const response = await fetch(stack.url, { method, headers: { Authorization: `Bearer ${stack.token}` } });
    expect([method, response.status, response.headers.get("allow")]).toEqual([method, 405, "POST, GET, DELETE"]);
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  }
  const trace = await sendRaw(
    stack.port,
    `TRACE /mcp/${stack.serverId} HTTP/1.1\r\n${host()}\r\nConnection: close\r\n\r\n`,
  );
  expect(trace.status).toBe(405);
  for (const method of ["GET", "DELETE"]) {
    const headers = { Authorization: `Bearer ${stack.token}`, "MCP-Protocol-Version": "2026-07-28" };
    const response = await fetch(stack.url, { method, headers });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
  }
  const legacy = await mcpPost(stack, { jsonrpc: "2.0", id: 1, method: "vendor/secret", params: {} });
  expect([legacy.status, legacy.json.error?.code]).toEqual([200, -32601]);
  const { body, headers } = modern("initialize", {});
  const now = await mcpPost(stack, body, headers);
  expect([now.status, now.json.error?.code]).toEqual([404, -32601]);
  const dropped = await mcpPost(stack, { jsonrpc: "2.0", method: "notifications/vendor" });
  expect([dropped.status, dropped.text]).toEqual([202, ""]);
  expect(upstream.received).toEqual([]);
});

test("H5 bodies over the cap, compressed or of another type are refused", async () => {
  const big = "x".repeat(1024 * 1024 + 1);
  expect((await mcpPost(stack, big)).status).toBe(413);
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      controller.enqueue(new Uint8Array(65_536).fill(0x20));
    },
  });
  const headers = { Authorization: `Bearer ${stack.token}`, "Content-Type": "application/json" };
  const streamed = await fetch(stack.url, {
    method: "POST",
    headers,
    body: endless,
    duplex: "half",
  } as RequestInit).then(
    (response) => response.status,
    // The gateway may close the connection on a client that goes on sending.
    () => 413,
  );
  expect(streamed).toBe(413);
  const body = call('{"amount":1}');
  expect((await mcpPost(stack, body, { "Content-Encoding": "gzip" })).status).toBe(415);
  expect((await mcpPost(stack, body, { "Content-Type": "text/plain" })).status).toBe(415);
  expect((await mcpPost(stack, body, { "Content-Type": "application/json; charset=utf-8" })).status).toBe(200);
  expect(upstream.received).toHaveLength(1);
});

test("W2 what the policy judged is forwarded byte for byte", async () => {
  const space = fc.constantFrom("", " ", "\n", "\t ");
  const number = fc.constantFrom("9007199254740993", "0.1", "-0", "1E2", "1.000000000000000001", "1.10", "5e3", "100");
  const key = fc.stringMatching(/^[a-z]{1,8}$/).filter((name) => name !== "amount");
  const text = fc.string({ unit: "grapheme", maxLength: 12 }).filter((value) => !value.includes("\0"));
  const member = fc.tuple(
    key,
    fc.oneof(
      number,
      text.map((value) => JSON.stringify(value)),
      fc.constantFrom("null", "true", "[1, 2 ]"),
    ),
  );
  const body = fc
    .tuple(fc.uniqueArray(member, { selector: ([name]) => name, maxLength: 5 }), space, space)
    .map(([members, a, b]) => {
      const args = [["amount", "12.50"] as const, ...members].map(([name, value]) => `${a}"${name}"${b}:${a}${value}`);
      return `${a}{"params":{"arguments":{${args.join(",")}${b}},"name":"create_charge"},${a}"id":"x","method":"tools/call","jsonrpc":"2.0"}${b}`;
    });
  await fc.assert(
    fc.asyncProperty(body, async (sent) => {
      upstream.reset();
      const response = await mcpPost(stack, sent);
      expect(response.json.result?.content?.[0]?.text).toBe("done");
      expect(upstream.executed.map((one) => one.body)).toEqual([sent]);
    }),
    { numRuns: 60 },
  );
});
