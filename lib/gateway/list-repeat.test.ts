import fc from "fast-check";
import { expect, test } from "vitest";
import { readRpcMessage } from "@/lib/http/rpc-message";
import { compilePolicy } from "@/lib/policy/compile";
import { parsePolicy } from "@/lib/policy/parse";
import { filterToolList, type ListFilter } from "./list-filter";
import { findRepeatedAnswer } from "./list-repeat";

const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = (data: Uint8Array | undefined) => new TextDecoder().decode(data);

function compile(text: string): NonNullable<ListFilter["policy"]> {
  const parsed = parsePolicy(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return compilePolicy(parsed.document, { digest: (content) => content });
}

/** A filter of its own, under which nothing was remembered yet. */
function newFilter(isModern = false): ListFilter {
  return { policy: compile('version: "1"\nhide: ["h*"]\n'), pins: { tools: new Map(), drift: "off" }, isModern };
}

/** What an answer is by the long way, every byte of it read. */
function slow(text: string, filter: ListFilter) {
  const message = readRpcMessage(bytes(text));
  const list = message?.result
    ? filterToolList(bytes(text), { ...filter, policy: compilePolicyOf(filter) }, message.result)
    : null;
  // Where the members stand is only known to whoever read them.
  const result = message?.result && { start: message.result.start, end: message.result.end };
  return list && { message: { ...message, result }, text: textOf(list.bytes) };
}

/** The same rules as another object: nothing is remembered for it. */
function compilePolicyOf({ policy }: ListFilter): ListFilter["policy"] {
  return policy && { ...policy };
}

function fast(text: string, filter: ListFilter) {
  const found = findRepeatedAnswer(bytes(text), filter);
  return found && { message: found.message, text: textOf(found.bytes) };
}

function remember(text: string, filter: ListFilter): void {
  const message = readRpcMessage(bytes(text));
  if (message?.result) filterToolList(bytes(text), filter, message.result);
}

const padding = "x".repeat(4_200);
const space = fc.constantFrom("", " ", "\n", "\t\r\n ");
const id = fc.oneof(
  fc.integer({ min: 0, max: 1_000_000 }).map(String),
  fc.constantFrom("null", '"a"', '"\\u0061b"', "1.5", "-0", "1e3", "true", "{}", "[1]"),
);

/** Objects that may stand as `result`: lists with a doubled key, an escaped key or facts of other results among them. */
const page = fc
  .record({
    names: fc.array(fc.constantFrom("h1", "a", "b", "\\u0068x"), { maxLength: 4 }),
    pad: space,
    more: fc.constantFrom(
      "",
      ',"nextCursor":"n"',
      ',"isError":true',
      ',"resultType":"task","taskId":"t"',
      ',"task":{"taskId":"t"}',
      ',"tools":[]',
      ',"ttlMs":99999,"cacheScope":"public"',
    ),
  })
  .map(({ names, pad, more }) => {
    const tools = names.map((name) => `{"name":"${name}","description":"}]\\"${padding}"}`);
    return `{${pad}"tools":[${tools.join(`${pad},`)}]${more},"z":"${padding}"${pad}}`;
  });

const member = fc.oneof(
  { weight: 6, arbitrary: id.map((value) => `"id":${value}`) },
  { weight: 6, arbitrary: fc.constant('"jsonrpc":"2.0"') },
  fc.constantFrom('"error":{"code":1}', '"method":"m"', '"result":{}', '"x":{"result":1}', '"res\\u0075lt":2', '"r":'),
);

/** An answer around a page: members before and behind it in any order, right and wrong ones. */
const envelope = fc.record({
  before: fc.array(member, { maxLength: 3 }),
  behind: fc.array(member, { maxLength: 3 }),
  key: fc.oneof(
    { weight: 8, arbitrary: fc.constant('"result"') },
    fc.constantFrom('"res\\u0075lt"', '"other"', '"x":{"result"', "result"),
  ),
  pad: space,
  end: fc.oneof({ weight: 8, arbitrary: fc.constant("}") }, fc.constantFrom("}}", "", "} x", ",}")),
});

type Envelope = typeof envelope extends fc.Arbitrary<infer T> ? T : never;

function render({ before, behind, key, pad, end }: Envelope, result: string): string {
  return `${pad}{${[...before, `${key}${pad}:${pad}${result}`, ...behind].join(`,${pad}`)}${pad}${end}${pad}`;
}

test("whatever stands around a page that was seen before, the short way gives what the long way gives, or nothing", () => {
  let hits = 0;
  fc.assert(
    fc.property(page, envelope, envelope, id, fc.boolean(), (result, first, next, nextId, isModern) => {
      const filter = newFilter(isModern);
      const good = `{"jsonrpc":"2.0","id":7,"result":${result}}`;
      for (const text of [good, render(first, result)]) remember(text, filter);
      for (const text of [
        good.replace(":7,", `:${nextId},`),
        `{"id":${nextId},"result":${result}}`,
        `{"result":${result},"id":${nextId}}`,
        render(first, result),
        render(next, result),
      ]) {
        const short = fast(text, filter);
        if (short === null) continue;
        hits += 1;
        expect(short).toEqual(slow(text, filter));
      }
    }),
    { numRuns: 300 },
  );
  expect(hits).toBeGreaterThan(300);
});

const tool = (name: string) => `{"name":"${name}","description":"${padding}"}`;
const answer = (given: string, result: string) => `{"jsonrpc":"2.0","id":${given},"result":${result}}`;
const list = `{"tools":[${tool("h1")},${tool("a")}]}`;

test("a page that was seen before is found again under longer ids, and with the id behind it", () => {
  const filter = newFilter();
  remember(answer("9", list), filter);
  expect(fast(answer("12345", list), filter)?.text).toBe(answer("12345", `{"tools":[${tool("a")}]}`));
  const behind = `{"jsonrpc":"2.0","result":${list},"id":9}`;
  expect(fast(behind, filter)).toBeNull();
  remember(behind, filter);
  expect(fast(behind.replace(":9}", ":1234}"), filter)?.message.id).toBe(1234);
});

test("the same bytes anywhere but as the result are no page", () => {
  const filter = newFilter();
  remember(answer("7", list), filter);
  for (const around of ['{"id":7,"result":{},"x":', '{"result":{"tools":[]},"id":7,"result ":', '{"id":7,"x":']) {
    expect(fast(`${around}${list}}`, filter)).toBeNull();
  }
  expect(fast(`{"x":{},"id":7,"result":${list}}`, filter)?.message.id).toBe(7);
});

test("one byte that differs, wherever it stands, is another page", () => {
  const filter = newFilter();
  const text = answer("7", list);
  remember(text, filter);
  expect(fast(text, filter)).not.toBeNull();
  const from = text.indexOf(list);
  fc.assert(
    fc.property(fc.integer({ min: from, max: from + list.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, by) => {
      const other = bytes(text).map((byte, index) => (index === at ? byte ^ by : byte));
      expect(findRepeatedAnswer(other, filter)).toBeNull();
    }),
  );
});

test("another policy, catalogue, drift mode or protocol era finds nothing of what was remembered", () => {
  const filter = newFilter();
  const text = answer("7", list);
  remember(text, filter);
  const { pins } = filter;
  for (const other of [
    { ...filter, policy: null },
    { ...filter, policy: compilePolicyOf(filter) },
    { ...filter, isModern: true },
    { ...filter, pins: { ...pins, tools: new Map() } },
    { ...filter, pins: { ...pins, drift: "enforce" as const } },
  ]) {
    expect(fast(text, other)).toBeNull();
  }
  expect(fast(text, { ...filter, pins: { ...pins } })).not.toBeNull();
});
