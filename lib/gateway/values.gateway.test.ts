import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { leastCpuMs } from "@/lib/testing/cpu-time";
import { expectDenied, ofClients } from "@/lib/testing/denied";
import { startGatewayStack, type GatewayStack, type StackGrant } from "@/lib/testing/gateway-stack";
import { callOf, mcpPost, modern, textOf, type McpResponse } from "@/lib/testing/mcp-post";
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

const add = (tools: string, names: readonly string[] = scriptedTools) =>
  stack.add({ upstreamUrl: upstream.url, policy: `version: "1"\n${tools}`, tools: names });
const oneTool = (rules: string) => add(`tools:\n  create_charge:\n    rules:\n${rules}`);
const charge = (grant: StackGrant, argsText: string) =>
  mcpPost(
    grant,
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_charge","arguments":${argsText}}}`,
  );
const reasonOf = ({ decision }: McpResponse): unknown => decision?.["reason"] ?? "passed";

describe("W3 a value of the wrong type or none restricts, whatever the operator", () => {
  const operators: [op: string, value: string][] = [
    ["eq", "50000"],
    ["neq", "50000"],
    ["in", "[50000, 60000]"],
    ["not_in", "[50000, 60000]"],
    ["lt", "50000"],
    ["lte", "50000"],
    ["gt", "50000"],
    ["gte", "50000"],
    ["regex", '"^5"'],
    ["contains", '"5"'],
    ["not_contains", '"5"'],
    ["starts_with", '"5"'],
    ["ends_with", '"0"'],
    ["glob", '"5*"'],
  ];
  const forTexts = new Set(["regex", "contains", "not_contains", "starts_with", "ends_with", "glob"]);
  const always = ["true", "false", "null", "{}", '{"value":50000}', '{"$ne":1}'];
  const noText = ["50000", "-1", "0"];
  const noNumber = ['"50000"', '""', '"5e4"', '" 50000 "', '"0x10"'];
  const lists = ["[50000]", '["50000"]', "[]"];

  test.each(operators)("%s %s", async (op, value) => {
    const grant = await oneTool(`      - {name: a, conditions: [{path: args.x, op: ${op}, value: ${value}}]}\n`);
    const isContains = op.endsWith("contains");
    const wrong = [...always, ...(forTexts.has(op) ? noText : noNumber), ...(isContains ? [] : lists)];
    for (const text of wrong) {
      const refusal = { rule: "/tools/create_charge/rules/a", reason: "type" };
      const answer = await expectDenied({ stack, upstream, grant }, refusal, () => charge(grant, `{"x":${text}}`));
      expect([text, answer.json.result?.isError, reasonOf(answer)]).toEqual([text, true, "type"]);
    }
    const absent = { rule: "/tools/create_charge/rules/a", reason: "absent" };
    await expectDenied({ stack, upstream, grant }, absent, () => charge(grant, '{"y":50000}'));
  });
});

describe("W4 a sum counts exactly, and only what is an amount", () => {
  const sum = "      - {name: cap, limit: {sum: args.amount, max: 100, window: month}}\n";

  test.each(["-50000", "-0.000000000000000001", '"50"', "[50]", "null", "true", "{}", '"1e1"', '""'])(
    "%s is denied and moves no counter",
    async (text) => {
      const grant = await oneTool(sum);
      await charge(grant, '{"amount":40}');
      const refusal = { rule: "/tools/create_charge/rules/cap", reason: "amount" };
      await expectDenied({ stack, upstream, grant }, refusal, () => charge(grant, `{"amount":${text}}`));
      expect(reasonOf(await charge(grant, '{"amount":60}'))).toBe("passed");
      expect(reasonOf(await charge(grant, '{"amount":0.01}'))).toBe("limit");
    },
  );

  test("a call without the amount is denied", async () => {
    const grant = await oneTool(sum);
    const refusal = { rule: "/tools/create_charge/rules/cap", reason: "amount" };
    await expectDenied({ stack, upstream, grant }, refusal, () => charge(grant, "{}"));
  });

  test("zero and fractions are counted exactly, up to the cap and not one unit over it", async () => {
    const grant = await oneTool(sum);
    for (const text of ["0", "-0", "0.1", "0.2", "99.699999999999999999", "0.000000000000000001", "0"]) {
      expect([text, reasonOf(await charge(grant, `{"amount":${text}}`))]).toEqual([text, "passed"]);
    }
    expect(upstream.executed).toHaveLength(7);
    const refusal = { decision: "rate_limited", rule: "/tools/create_charge/rules/cap", reason: "limit" } as const;
    await expectDenied({ stack, upstream, grant }, refusal, () => charge(grant, '{"amount":0.000000000000000001}'));
  });
});

describe("W5 names that every object has are plain names on the wire too", () => {
  const names = [
    "__proto__", "constructor", "prototype", "toString", "toLocaleString", "valueOf", "hasOwnProperty", "isPrototypeOf",
    "propertyIsEnumerable", "__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__", "then",
    "toJSON", "length", "size", "get", "has", "undefined",
  ]; // prettier-ignore

  test.each(names)("%s", async (name) => {
    const watched = async (tools: string) => ({ stack, upstream, grant: await add(tools) });
    const open = "tools: {create_charge: {rules: []}}";
    // A tool: unknown where no catalogue has it, whatever the default says.
    const absent = await watched("default: allow\ntools: {}");
    const unknown = { rule: "(unknown tool)", reason: "unknown_tool" };
    const answer = await expectDenied(absent, unknown, () => mcpPost(absent.grant, callOf(name, {})));
    expect(answer.json.error).toEqual({ code: -32602, message: `Unknown tool: ${name}` });
    // A tool that exists and is not listed in the policy: the default decides.
    const listed = await stack.add({ upstreamUrl: upstream.url, policy: `version: "1"\n${open}`, tools: [name] });
    const denied = { rule: "(default deny)", reason: "default_deny" };
    await expectDenied({ stack, upstream, grant: listed }, denied, () => mcpPost(listed, callOf(name, {})));
    // A method and an envelope key.
    const { grant } = await watched(open);
    const other = await mcpPost(grant, { jsonrpc: "2.0", id: 1, method: name });
    expect([other.status, other.json.error?.code]).toEqual([200, -32601]);
    const key = await mcpPost(grant, `{"jsonrpc":"2.0","id":1,"method":"ping","${name}":1}`);
    expect([key.status, key.json.error?.code, reasonOf(key)]).toEqual([400, -32600, "envelope"]);
    expect(ofClients(upstream)).toEqual([]);
    // An argument: a value of its own that no rule sees under another name, forwarded as it is.
    const sent = `{"amount":1,"${name}":{"amount":900000}}`;
    const capped = await oneTool("      - {name: a, conditions: [{path: args.amount, op: lte, value: 5}]}\n");
    expect(reasonOf(await charge(capped, sent))).toBe("passed");
    expect(reasonOf(await charge(capped, `{"${name}":{"amount":1}}`))).toBe("absent");
    expect(upstream.executed.map(({ body }) => body.includes(sent))).toEqual([true]);
    // A rule's path and the value that splits a counter.
    const rule = `      - {name: a, limit: {sum: 'args["${name}"]', max: 5, window: month, by: [args.who]}}\n`;
    const split = await oneTool(rule);
    expect(reasonOf(await charge(split, `{"${name}":5,"who":"${name}"}`))).toBe("passed");
    expect(reasonOf(await charge(split, `{"${name}":1,"who":"${name}"}`))).toBe("limit");
    expect(reasonOf(await charge(split, `{"${name}":5,"who":"other"}`))).toBe("passed");
    expect(reasonOf(await charge(split, '{"who":"x"}'))).toBe("amount");
  });
});

describe("W6 a tool's name is compared byte by byte: look-alikes are unknown and none reaches the upstream", () => {
  const alike = [
    "Create_Charge", "CREATE_CHARGE", "create_Charge", " create_charge", "create_charge ", "create_charge\t",
    "create_charge\n", "create_charge\r\n", "create_\u200bcharge", "\u200bcreate_charge", "create_charge\u200d",
    "create_charge\ufeff", "create\u00ad_charge", "cre\u0430te_charge", "\u0441reate_charge", "create_char\u0501e",
    "\uff43reate_charge", "create\uff3fcharge", "cr\u00e9ate_charge", "cre\u0301ate_charge", "create_charge\u0301",
    "/create_charge", "./create_charge", "create_charge/", "create_charge/.", "create/charge", "create-charge",
    "create_charge?", "create_charge#", "create_charge*", "create_*", "*", "create%5fcharge", "create\\u005fcharge",
    "create_charge;x", "create_charge,list_customers", "create_charge\u202e", "\u2066create_charge", "\ud835\udc1create_charge",
    "tools/create_charge", "create_charge.v2", "x".repeat(129), "create_charge".repeat(400), "",
  ]; // prettier-ignore

  test.each(alike.map((name) => [JSON.stringify(name).slice(0, 60), name] as const))("%s", async (_shown, name) => {
    const grant = await add("default: allow\ntools: {create_charge: {rules: []}}");
    const refusal = { rule: "(unknown tool)", reason: "unknown_tool" };
    const answer = await expectDenied({ stack, upstream, grant }, refusal, () => mcpPost(grant, callOf(name, {})));
    expect([answer.status, answer.json.error]).toEqual([200, { code: -32602, message: `Unknown tool: ${name}` }]);
  });

  test("the name itself runs", async () => {
    const grant = await add("default: allow\ntools: {create_charge: {rules: []}}");
    expect(textOf(await mcpPost(grant, callOf("create_charge", {})))).toBe("done");
    expect(upstream.executed).toHaveLength(1);
  });
});

describe("W11 what stands outside the arguments is judged: a payment in `_meta` is a spend", () => {
  const payment = 'meta["x402/payment"]';
  const call = (metaText: string) =>
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_customers","arguments":{},"_meta":${metaText}}}`;
  const add900 = '{"x402/payment":{"asset":"USDC","value":900}}';
  const free = (rules: string) => add(`tools:\n  list_customers:\n    rules:\n${rules}`);

  test.each([
    ["it is there at all", `{path: '${payment}', op: exists, value: false}`, add900, "rule"],
    ["its amount", `{path: '${payment}.value', op: lte, value: 100}`, add900, "rule"],
    ["its amount as text", `{path: '${payment}.value', op: lte, value: 100}`, add900.replace("900", '"900"'), "type"],
    ["its asset", `{path: '${payment}.asset', op: in, value: [EURC]}`, add900, "rule"],
    ["the payment as text", `{path: '${payment}.value', op: lte, value: 100}`, '{"x402/payment":"AAAA"}', "absent"],
    [
      "the payment in a list",
      `{path: '${payment}.value', op: lte, value: 100}`,
      '{"x402/payment":[{"value":900}]}',
      "absent",
    ],
    [
      "other metadata",
      "{path: 'meta[\"vendor/approve\"]', op: exists, value: false}",
      '{"vendor/approve":true}',
      "rule",
    ],
  ])("%s", async (_name, condition, meta, reason) => {
    const grant = await free(`      - {name: pay, conditions: [${condition}]}\n`);
    const refusal = { rule: "/tools/list_customers/rules/pay", reason };
    await expectDenied({ stack, upstream, grant }, refusal, () => mcpPost(grant, call(meta)));
  });

  test("a free tool with a payment of 900 in `_meta` is no free call, in both eras", async () => {
    const grant = await free(
      `      - {name: paid, action: deny, when: [{path: '${payment}.value', op: gt, value: 100, if_absent: skip}]}\n`,
    );
    const refusal = { rule: "/tools/list_customers/rules/paid", reason: "rule" };
    await expectDenied({ stack, upstream, grant }, refusal, () => mcpPost(grant, call(add900)));
    const { body, headers } = modern("tools/call", { name: "list_customers", arguments: {} });
    const { _meta, ...rest } = body.params;
    const paying = (value: number) => ({
      ...body,
      params: { ...rest, _meta: { ..._meta, "x402/payment": { value } } },
    });
    await expectDenied({ stack, upstream, grant }, refusal, () => mcpPost(grant, paying(900), headers));
    expect(reasonOf(await mcpPost(grant, paying(100), headers))).toBe("passed");
    expect(reasonOf(await mcpPost(grant, call("{}")))).toBe("passed");
  });

  test.each(['{"x402/payment":1,"x402/payment":2}', '{"x402/payment":1,"X402/Payment":2}'])(
    "metadata that could be read in two ways is refused: %s",
    async (meta) => {
      const grant = await free("      - {name: a, rate_limit: 1/month}\n");
      const answer = await mcpPost(grant, call(meta));
      expect([answer.status, upstream.received]).toEqual([400, []]);
    },
  );
});

describe("W13 a pattern costs no time, however hostile the text", () => {
  const rule = '      - {name: a, action: deny, when: [{path: args.x, op: regex, value: "(a+)+$"}]}\n';

  test.each([
    ["50,000 letters before the one that fails", `${"a".repeat(50_000)}!`, "passed"],
    ["50,000 letters that match", "a".repeat(50_000), "rule"],
    ["a text longer than a pattern may see", "!".repeat(1_000_000), "type"],
  ])("%s", async (_name, text, reason) => {
    const grant = await oneTool(rule);
    // Backtracking would take longer than the age of the world.
    const leastMs = await leastCpuMs(100, async () => {
      expect(reasonOf(await charge(grant, JSON.stringify({ x: text })))).toBe(reason);
    });
    expect(leastMs).toBeLessThan(100);
  });
});
