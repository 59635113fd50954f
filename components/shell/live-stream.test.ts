import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LiveStream } from "./live-stream";

/** The browser's event source, driven by the test. */
class ScriptedSource extends EventTarget {
  static readonly CLOSED = 2;
  static all: ScriptedSource[] = [];
  readyState = 0;
  readonly url: string;
  constructor(url: string) {
    super();
    this.url = url;
    ScriptedSource.all.push(this);
  }
  open(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }
  fail(readyState = 0): void {
    this.readyState = readyState;
    this.dispatchEvent(new Event("error"));
  }
  send(topic: string, data: string): void {
    this.dispatchEvent(new MessageEvent(topic, { data }));
  }
  close(): void {
    this.readyState = ScriptedSource.CLOSED;
  }
}

function startStream() {
  const stream = new LiveStream();
  const events: string[] = [];
  stream.listen(({ topic, id }) => events.push(`${topic} ${id}`));
  const stop = stream.start();
  const source = () => ScriptedSource.all.at(-1) ?? new ScriptedSource("none");
  return { stream, events, stop, source };
}

beforeEach(() => {
  vi.useFakeTimers();
  ScriptedSource.all = [];
  vi.stubGlobal("EventSource", ScriptedSource);
  vi.stubGlobal("BroadcastChannel", undefined);
  vi.stubGlobal("navigator", {});
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("events are passed on with topic and id, also when their data cannot be read", () => {
  const { stream, events, stop, source } = startStream();
  source().open();
  source().send("calls", '{"topic":"calls","id":"d1"}');
  source().send("policies", "not json");
  expect(stream.state).toEqual({ kind: "live" });
  expect(events).toEqual(["calls d1", "policies "]);
  stop();
});

test("C3 a lost stream is told after 3 s, is stale after 30 s and then polls every 15 s; coming back reads once", () => {
  const { stream, events, stop, source } = startStream();
  source().open();
  source().fail();
  vi.advanceTimersByTime(2_900);
  expect(stream.state.kind).toBe("live");
  vi.advanceTimersByTime(200);
  expect(stream.state.kind).toBe("reconnecting");
  vi.advanceTimersByTime(27_000);
  expect(stream.state.kind).toBe("stale");
  expect(events).toEqual([]);
  vi.advanceTimersByTime(30_000);
  expect(events).toEqual(["reset ", "reset "]);
  source().open();
  expect(stream.state.kind).toBe("live");
  expect(events).toEqual(["reset ", "reset ", "reset "]);
  vi.advanceTimersByTime(60_000);
  expect(events).toHaveLength(3);
  stop();
});

test("a short break that heals within 3 s is not shown", () => {
  const { stream, stop, source } = startStream();
  const seen: string[] = [];
  stream.watch(() => seen.push(stream.state.kind));
  source().open();
  source().fail();
  vi.advanceTimersByTime(1_000);
  source().open();
  vi.advanceTimersByTime(60_000);
  expect(seen).toEqual(["live", "live"]);
  stop();
});

test("a stream that the server refused is opened anew, and none is left open after stopping", () => {
  const { stop, source } = startStream();
  source().fail(ScriptedSource.CLOSED);
  vi.advanceTimersByTime(5_000);
  expect(ScriptedSource.all).toHaveLength(2);
  source().open();
  stop();
  expect(source().readyState).toBe(ScriptedSource.CLOSED);
  vi.advanceTimersByTime(120_000);
  expect(ScriptedSource.all).toHaveLength(2);
});
