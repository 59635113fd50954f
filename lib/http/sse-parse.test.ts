import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SseSplitter, toEvent, withData, type SseEvent } from "./sse-parse";

const limits = { eventBytesMax: 1000, eventsMax: 100, streamBytesMax: 10_000 };
const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = (data: Uint8Array | null) => (data === null ? null : new TextDecoder().decode(data));

function split(chunks: readonly Uint8Array[], with_ = limits): SseEvent[] | null {
  const splitter = new SseSplitter(with_);
  const events: SseEvent[] = [];
  for (const chunk of chunks) {
    const found = splitter.push(chunk);
    if (!found) return null;
    events.push(...found);
  }
  return events;
}

const dataOf = (text: string) => (split([bytes(text)]) ?? []).map((event) => textOf(event.data));

describe("events are cut as WHATWG HTML, section 9.2 says", () => {
  test.each([
    ["data: a\n\n", ["a"]],
    ["data:a\r\n\r\n", ["a"]],
    ["data: a\r\rdata: b\r\r", ["a", "b"]],
    ["data: a\ndata: b\n\n", ["a\nb"]],
    ["data\n\n", [""]],
    ["data:  two\n\n", [" two"]],
    [": comment\n\n", [null]],
    ["id: 1\n\n", [null]],
    ["database: no\n\n", [null]],
    ["data: unfinished\n", []],
    ["\ufeffdata: a\n\n", ["a"]],
    ["event: x\ndata: a\n\n", ["a"]],
  ])("%j", (text, expected) => {
    expect(dataOf(text)).toEqual(expected);
  });

  test("type and id are seen", () => {
    const read = (text: string) => split([bytes(text)])?.map(({ isMessage, hasId }) => [isMessage, hasId]);
    expect(read("data: a\n\n")).toEqual([[true, false]]);
    expect(read("event: message\nid: 7\ndata: a\n\n")).toEqual([[true, true]]);
    expect(read("event: ping\ndata: a\n\n")).toEqual([[false, false]]);
  });
});

const line = fc.constantFrom(
  "data: a",
  "data:{}",
  "data",
  "id: 1",
  ": c",
  "event: message",
  "",
  "",
  "retry: 5",
  "data: é€😀",
);
const ending = fc.constantFrom("\n", "\r\n", "\r");
const stream = fc.array(fc.tuple(line, ending), { maxLength: 30 }).map((lines) => bytes(lines.flat().join("")));

test("however a stream is chunked, no byte is lost and the events are the same", () => {
  const cuts = fc.array(fc.nat(400), { maxLength: 20 });
  fc.assert(
    fc.property(stream, cuts, (whole, at) => {
      const points = [...new Set([0, ...at.filter((cut) => cut < whole.length), whole.length])].sort((a, b) => a - b);
      const chunks = points.slice(1).map((end, index) => whole.subarray(points[index], end));
      const events = split(chunks) ?? [];
      const raw = Buffer.concat(events.map((event) => event.raw));
      expect(raw.equals(Buffer.from(whole.subarray(0, raw.length)))).toBe(true);
      const seen = (list: SseEvent[]) => list.filter((event) => event.data).map((event) => textOf(event.data));
      expect(seen(events)).toEqual(seen(split([whole]) ?? []));
    }),
  );
});

test("H7 an event without an end, a stream too long and too many events are refused", () => {
  expect(split([bytes("data: "), bytes("x".repeat(1001))])).toBeNull();
  expect(split(Array.from({ length: 101 }, () => bytes("data: a\n\n")))).toBeNull();
  expect(split(Array.from({ length: 2000 }, () => bytes(": six\n\n")))).toBeNull();
});

test("an event with other data keeps its other fields", () => {
  const [event] = split([bytes("id: 9\nevent: message\ndata: {\ndata: }\nretry: 5\n\n")]) ?? [];
  expect(event).toBeDefined();
  if (event)
    expect(textOf(withData(event, bytes('{"a":\n1}')))).toBe(
      'id: 9\nevent: message\nretry: 5\ndata: {"a":\ndata: 1}\n\n',
    );
  expect(dataOf(textOf(toEvent("{}")) ?? "")).toEqual(["{}"]);
});
