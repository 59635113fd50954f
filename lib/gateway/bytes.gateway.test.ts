import { Decimal } from "decimal.js";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { leastCpuMs } from "@/lib/testing/cpu-time";
import { expectDenied } from "@/lib/testing/denied";
import { startGatewayStack, type GatewayStack, type StackGrant } from "@/lib/testing/gateway-stack";
import { callOf, mcpPost } from "@/lib/testing/mcp-post";
import { rawPost, sendRaw, type RawAnswer } from "@/lib/testing/raw-http";
import { scriptedTools, startScriptedUpstream, type ScriptedUpstream } from "@/lib/testing/scripted-upstream";

const policy = `
version: "1"
tools:
  create_charge:
    rules:
      - name: "max"
        conditions: [{path: args.amount, op: lte, value: 50000}]
      - name: "spend"
        limit: {sum: args.amount, max: 1000000000, window: month}
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

const add = () => stack.add({ upstreamUrl: upstream.url, policy, tools: scriptedTools });

function send(body: Uint8Array | string, grant: StackGrant = stack): Promise<RawAnswer> {
  const lines = [
    `Host: 127.0.0.1:${String(stack.port)}`,
    `Authorization: Bearer ${grant.token}`,
    "Content-Type: application/json",
  ];
  return sendRaw(stack.port, rawPost(`/mcp/${grant.serverId}`, lines, body));
}

function errorOf(answer: RawAnswer): { code: unknown; reason: unknown } {
  const { error } = JSON.parse(answer.body) as {
    error?: { code: number; data?: Record<string, { reason: string } | undefined> };
  };
  return { code: error?.code, reason: error?.data?.["policylayer/decision"]?.reason };
}

/** The body is answered so at the raw socket, and denied by invariant I5 with one row of the log. */
async function expectRefused(body: Uint8Array | string, code: number, reason: string, status = 400): Promise<void> {
  const grant = await add();
  const rule = reason === "batch" ? "(batch)" : "(malformed)";
  const answer = await expectDenied({ stack, upstream, grant }, { rule, reason }, () => send(body, grant));
  expect([answer.status, errorOf(answer)]).toEqual([status, { code, reason }]);
}

const call = (args: string, more = "") =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_charge","arguments":${args}}${more}}`;
const isRun = async (body: string, grant?: StackGrant) => (await send(body, grant)).body.includes('"text":"done"');

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
    await expectRefused(body, -32700, "duplicate_key");
  });
});

describe("W2 numbers are exact from the wire to the upstream", () => {
  test.each(["9007199254740993", "0.1", "-0", "1E2", "1.000000000000000001", "1.10", "123456789012345678901234567890"])(
    "%s arrives as it was sent",
    async (number) => {
      const body = call(`{"amount":1,"n":${number}}`);
      expect(await isRun(body)).toBe(true);
      expect(upstream.executed.map((one) => one.body)).toEqual([body]);
    },
  );

  test.each(["1e999", "-1e999", "1e31", "1e-31", "9".repeat(400), `0.${"1".repeat(31)}`, "1".repeat(31)])(
    "%s is out of range",
    async (number) => {
      await expectRefused(call(`{"amount":${number}}`), -32700, "number");
    },
  );

  test("whatever the number, the cap decides about its exact value and the upstream gets the same text", async () => {
    const digits = (min: number, max: number) =>
      fc.stringMatching(new RegExp(`^[0-9]{${String(min)},${String(max)}}$`));
    const fraction = fc.oneof(
      fc.constant(""),
      digits(1, 18).map((text) => `.${text}`),
    );
    const exponent = fc.constantFrom("", "", "e1", "E+2", "e-3");
    const whole = fc.oneof(fc.constantFrom("50000", "49999", "50001", "0", "5"), fc.nat(60_000).map(String));
    const number = fc.tuple(whole, fraction, exponent).map((parts) => parts.join(""));
    const grant = await add();
    await fc.assert(
      fc.asyncProperty(number, async (text) => {
        upstream.reset();
        const body = call(`{"amount":${text}}`);
        const isAllowed = new Decimal(text).lte(50_000);
        expect([text, await isRun(body, grant)]).toEqual([text, isAllowed]);
        expect(upstream.executed.map((one) => one.body)).toEqual(isAllowed ? [body] : []);
      }),
      { numRuns: 80, examples: [["50000.000000000000000001"], ["49999.999999999999999999"], ["5e4"], ["0.0"]] },
    );
  });

  test("what the policy judged is forwarded byte for byte", async () => {
    const space = fc.constantFrom("", " ", "\n", "\t ");
    const key = fc.stringMatching(/^[a-z]{1,8}$/).filter((name) => name !== "amount");
    const text = fc.string({ unit: "grapheme", maxLength: 12 }).filter((value) => !value.includes("\0"));
    const value = fc.oneof(
      text.map((one) => JSON.stringify(one)),
      fc.constantFrom("null", "true", "[1, 2 ]", "1.0", "-0", "2E1", '"\\u00e9\\/"'),
    );
    const members = fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, maxLength: 5 });
    const body = fc.tuple(members, space, space).map(([found, a, b]) => {
      const args = [["amount", "12.50"] as const, ...found].map(([name, one]) => `${a}"${name}"${b}:${a}${one}`);
      return `${a}{"params":{"arguments":{${args.join(",")}${b}},"name":"create_charge"},${a}"id":"x","method":"tools/call","jsonrpc":"2.0"}${b}`;
    });
    await fc.assert(
      fc.asyncProperty(body, async (sent) => {
        upstream.reset();
        expect(await isRun(sent)).toBe(true);
        expect(upstream.executed.map((one) => one.body)).toEqual([sent]);
      }),
      { numRuns: 60 },
    );
  });
});

describe("W7 a key that folds to a known one is refused", () => {
  test.each([
    '{"jsonrpc":"2.0","id":1,"Method":"tools/call","params":{}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","Params":{"name":"create_charge"}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","param\u017f":{"name":"create_charge"}}',
    '{"jsonrpc":"2.0","ID":1,"method":"tools/call","params":{"name":"create_charge"}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_charge","Arguments":{"amount":9}}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"Name":"create_charge","arguments":{"amount":9}}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_charge","_META":{},"arguments":{}}}',
    call('{"Amount":900000}'),
    call('{"\uff41mount":900000}'),
    call('{"AMOUNT":900000,"currency":"usd"}'),
    call('{"amount":1,"Amount":900000}'),
    call('{"Amount":900000,"amount":1}'),
  ])("%s", async (body) => {
    await expectRefused(body, -32600, "folded_key");
  });

  test("a key that no rule reads may be written in any case", async () => {
    expect(await isRun(call('{"amount":1,"Customer":"c"}'))).toBe(true);
    expect(upstream.executed).toHaveLength(1);
  });

  test("an upstream that reads keys without case finds in every forwarded call what the policy judged", async () => {
    const spelled = (...names: string[]) => fc.constantFrom(...names);
    const wild: fc.Arbitrary<[string, string][]> = fc.uniqueArray(
      fc.tuple(spelled("amount", "Amount", "AMOUNT", "\uff41mount", "customer"), fc.constantFrom("1", "900000")),
      { selector: ([name]) => name, minLength: 1, maxLength: 3 },
    );
    // Chance alone hardly ever spells a whole call so that it is forwarded: half of the arguments are good ones.
    const good: [string, string][] = [
      ["customer", "900000"],
      ["amount", "1"],
    ];
    const args = fc.oneof(wild, fc.constant(good));
    const parts = fc.record({
      method: spelled("method", "method", "method", "Method"),
      params: spelled("params", "params", "params", "PARAMS", "param\u017f"),
      name: spelled("name", "name", "name", "Name"),
      arguments: spelled("arguments", "arguments", "arguments", "Arguments"),
      args,
    });
    let forwarded = 0;
    await fc.assert(
      fc.asyncProperty(parts, async (part) => {
        upstream.reset();
        const inner = part.args.map(([name, value]) => `"${name}":${value}`).join(",");
        const body = `{"jsonrpc":"2.0","id":1,"${part.method}":"tools/call","${part.params}":{"${part.name}":"create_charge","${part.arguments}":{${inner}}}}`;
        const hasRun = await isRun(body);
        expect(upstream.executed.length).toBe(hasRun ? 1 : 0);
        if (!hasRun) return;
        forwarded += 1;
        const read = caseless(JSON.parse(upstream.executed[0]?.body ?? "{}"), "params", "arguments", "amount");
        expect(read).toEqual([1]);
      }),
      { numRuns: 150 },
    );
    expect(forwarded).toBeGreaterThan(0);
  });
});

/** Every value that a reader may take for the one at this path when it compares keys by their fold. */
function caseless(value: unknown, ...path: string[]): unknown[] {
  const [key, ...rest] = path;
  if (key === undefined) return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name.normalize("NFKC").toLowerCase() === key ? caseless(inner, ...rest) : [],
  );
}

describe("W8 a body built to exhaust the reader costs next to nothing", () => {
  const many = (count: number, item: (at: number) => string) =>
    Array.from({ length: count }, (_, at) => item(at)).join();
  test.each([
    ["10,000 levels of lists", () => call(`{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}`), 400, "depth"],
    ["10,000 levels of objects", () => call(`${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`), 400, "depth"],
    ["60,000 keys", () => call(`{${many(60_000, (at) => `"k${String(at)}":0`)}}`), 400, "depth"],
    ["a million keys", () => call(`{${many(1_000_000, (at) => `"k${String(at)}":0`)}}`), 413, "too_large"],
    ["100,000 elements", () => call(`{"a":[${many(100_000, () => "0")}]}`), 400, "depth"],
    ["a key of 1,000,000 bytes", () => call(`{"${"k".repeat(1_000_000)}":1}`), 400, "depth"],
    ["a key of 1 MiB", () => call(`{"${"k".repeat(1_048_576)}":1}`), 413, "too_large"],
    ["a number of 1,000,000 digits", () => call(`{"amount":${"9".repeat(1_000_000)}}`), 400, "number"],
  ] as const)("%s", async (_name, make, status, reason) => {
    const body = Buffer.from(make());
    await expectRefused(body, status === 413 ? -32600 : -32700, reason, status);
    const grant = await add();
    const before = process.memoryUsage().rss;
    const leastMs = await leastCpuMs(50, async () => {
      expect((await send(body, grant)).status).toBe(status);
    });
    expect(leastMs).toBeLessThan(50);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  });
});

describe("W9 only plain UTF-8 is read, and nothing else reaches the database", () => {
  const text = call('{"amount":1,"note":"X"}');
  const bytes = (...found: number[]) => {
    const at = text.indexOf("X");
    return Buffer.concat([Buffer.from(text.slice(0, at)), Buffer.from(found), Buffer.from(text.slice(at + 1))]);
  };
  test.each([
    ["byte order mark", Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)])],
    ["UTF-16 with a mark", Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, "utf16le")])],
    ["UTF-16 without a mark", Buffer.from(text, "utf16le")],
    ["a lone continuation byte", bytes(0x80)],
    ["an overlong slash", bytes(0xc0, 0xaf)],
    ["an overlong NUL", bytes(0xc0, 0x80)],
    ["a surrogate as UTF-8", bytes(0xed, 0xa0, 0x80)],
    ["beyond U+10FFFF", bytes(0xf4, 0x90, 0x80, 0x80)],
    ["a cut sequence", bytes(0xe2, 0x82)],
    ["Latin-1", bytes(0xe9)],
    ["byte 0xFF", bytes(0xff)],
    ["raw NUL", bytes(0x00)],
    ["escaped NUL", Buffer.from(text.replace("X", "a\\u0000b"))],
    ["NUL in a key", Buffer.from(call('{"amount":1,"a\\u0000":1}'))],
    ["NUL in the tool's name", Buffer.from(text.replace("create_charge", "create\\u0000charge"))],
    ["NUL in the id", Buffer.from(text.replace('"id":1', '"id":"\\u0000"'))],
    ["NUL in the method", Buffer.from('{"jsonrpc":"2.0","id":1,"method":"\\u0000"}')],
    ["a lone high surrogate", Buffer.from(text.replace("X", "\\ud800"))],
    ["a lone low surrogate", Buffer.from(text.replace("X", "\\udc00"))],
    ["surrogates in reverse", Buffer.from(text.replace("X", "\\udc00\\ud800"))],
  ])("%s", async (_name, body) => {
    await expectRefused(body, -32700, "encoding");
  });
});

/** The headers of a session that was opened through the gateway. */
async function openedSession(grant: StackGrant): Promise<Record<string, string>> {
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } };
  const { headers } = await mcpPost(grant, { jsonrpc: "2.0", id: 0, method: "initialize", params });
  return { "Mcp-Session-Id": headers.get("mcp-session-id") ?? "", "MCP-Protocol-Version": "2025-11-25" };
}

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
    [one.replace('"id":1', '"id":-9007199254740993'), "id"],
    [one.replace('"id":1', '"id":1.5'), "id"],
    [one.replace('"id":1,', ""), "id"],
    ['"text"', "envelope"],
    [one.replace('"2.0"', '"1.0"'), "envelope"],
    [`${one.slice(0, -1)},"extra":1}`, "envelope"],
    [`${one.slice(0, -1)},"result":{}}`, "envelope"],
  ])("%s", async (body, reason) => {
    await expectRefused(body, -32600, reason);
  });

  test.each(["[1]", '"x"', "1", "null"])("arguments that are %s are refused", async (args) => {
    await expectRefused(call(args), -32602, "arguments");
  });

  test("an id that is in flight in the same session cannot be used again", async () => {
    const grant = await add();
    const session = await openedSession(grant);
    upstream.mode = "hang";
    const first = mcpPost(grant, callOf("create_charge", { amount: 1 }, 7), session);
    await expect.poll(() => upstream.executed.length).toBe(1);
    const refused = { rule: "(malformed)", reason: "id" };
    const second = await expectDenied({ stack, upstream, grant }, refused, () =>
      mcpPost(grant, callOf("create_charge", { amount: 1 }, 7), session),
    );
    expect([second.status, second.json.error?.code, second.decision?.["reason"]]).toEqual([400, -32600, "id"]);
    upstream.release();
    expect((await first).json.result?.content?.[0]?.text).toBe("done");
  });
});
