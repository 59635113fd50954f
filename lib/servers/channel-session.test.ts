import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { ChannelAnswer, ChannelRequest } from "./channel-answer.server";
import type { Link } from "./channel-link.server";
import { ChannelSession } from "./channel-session.server";
import { SharedChannel } from "./channel-shared.server";

/** The other end of a link, seen from the test. */
class Peer implements Link {
  readonly got: string[] = [];
  readonly holds: boolean[] = [];
  send(message: Uint8Array): Promise<null> {
    this.got.push(Buffer.from(message).toString());
    return Promise.resolve(null);
  }
  hold(isHeld: boolean): void {
    this.holds.push(isHeld);
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

const bytes = (text: string) => new TextEncoder().encode(text);
const request: ChannelRequest = {
  method: "POST",
  headers: { accept: "application/json, text/event-stream" },
  body: null,
  deadlines: { connectMs: 1_000, firstByteMs: 5_000, idleMs: 5_000 },
};
const call = (id: string, token?: string) =>
  bytes(
    `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"x"${token === undefined ? "" : `,"_meta":{"progressToken":${token}}`}}}`,
  );
const progress = (token: string, at = 1) =>
  `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${token},"progress":${String(at)}}}`;
const textOf = async (answer: ChannelAnswer) => {
  let text = "";
  for await (const chunk of answer.body) text += String(chunk);
  return text;
};
const dataIn = (text: string) =>
  text
    .split("\n")
    .filter((line) => line.startsWith("data: "))
    .map((line) => line.slice(6));

const openSession = () => {
  const peer = new Peer();
  const session = new ChannelSession("s", peer, () => undefined);
  return { peer, session, say: (text: string) => session.receive(bytes(text)) };
};
const ask = '{"jsonrpc":"2.0","id":"s1","method":"elicitation/create","params":{}}';
const answerTo = (id: string) => `{"jsonrpc":"2.0", "id":${id}, "result":{"n":1.0}}`;

test("P10 progress goes to the call whose token it names, other requests of the upstream to the oldest call", async () => {
  const { session, say } = openSession();
  const [one, two] = [session.post(call("1", '"a"'), request), session.post(call("2", "7"), request)];
  say(progress("7"));
  say(ask);
  say(progress('"a"'));
  say(answerTo("2"));
  say(answerTo("1"));
  expect(dataIn(await textOf(await one))).toEqual([ask, progress('"a"'), answerTo("1")]);
  expect(dataIn(await textOf(await two))).toEqual([progress("7"), answerTo("2")]);
});

test("what belongs to no call, or to one that was cancelled, goes to the listening stream", async () => {
  const { session, say } = openSession();
  const cancelled = session.post(call("1"), request);
  await session.post(bytes('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}'), request);
  const other = session.post(call("2"), request);
  const changed = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}';
  const updated = '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"x"}}';
  for (const text of [changed, progress('"nobody\'s"'), ask, updated]) say(text);
  const listening = session.listen({ ...request, method: "GET" });
  const [chunk] = (await once(listening.body, "data")) as [Buffer];
  expect(dataIn(String(chunk))).toEqual([changed]);
  await turn();
  say(answerTo("2"));
  expect(dataIn(await textOf(await other))).toEqual([ask, answerTo("2")]);
  await session.close();
  await expect(cancelled).rejects.toMatchObject({ code: "ECONNRESET" });
});

test("a second request under an id in use is refused, and an answer that nobody waits for goes nowhere", async () => {
  const { session, say, peer } = openSession();
  const first = session.post(call("1"), request);
  expect((await session.post(call("1"), request)).status).toBe(400);
  expect(peer.got).toHaveLength(1);
  say(answerTo("99"));
  say(answerTo("1"));
  say(answerTo("1"));
  expect(await textOf(await first)).toBe(answerTo("1"));
});

test("the stream for what has no owner keeps the newest 256 messages", async () => {
  const { session, say } = openSession();
  for (let i = 0; i < 400; i++) say(progress(String(i)));
  const listening = session.listen({ ...request, method: "GET" });
  const seen: string[] = [];
  listening.body.on("data", (chunk: Buffer) => seen.push(...dataIn(String(chunk))));
  await expect.poll(() => seen.length).toBe(256);
  expect([seen[0], seen.at(-1)]).toEqual([progress("144"), progress("399")]);
  listening.stop();
});

test("a slow reader slows the upstream down instead of filling memory", async () => {
  const { session, say, peer } = openSession();
  const opened = session.post(call("1", "1"), request);
  say(progress("1"));
  const answer = await opened;
  expect(peer.holds).toEqual([]);
  const large = `{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"${"x".repeat(70_000)}"}}`;
  say(large);
  expect(peer.holds).toEqual([true]);
  answer.body.resume();
  await expect.poll(() => peer.holds).toEqual([true, false]);
  say(answerTo("1"));
  await once(answer.body, "end");
});

test("P10 clients of a shared process never meet: equal ids and tokens come back to their own request, byte for byte", async () => {
  const peer = new Peer();
  const shared = new SharedChannel(peer, () => undefined);
  const one = shared.post(call('"same"', '"t"'), request);
  const two = shared.post(call('"same"', '"t"'), request);
  expect(peer.got.map((text): unknown => JSON.parse(text))).toMatchObject([
    { id: 1, params: { name: "x", _meta: { progressToken: 1 } } },
    { id: 2, params: { name: "x", _meta: { progressToken: 2 } } },
  ]);
  const say = (text: string) => shared.receive(bytes(text));
  say(progress("2", 5));
  say('{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"of one of them"}}');
  say(ask);
  say(answerTo("2"));
  say(answerTo("1"));
  expect(await textOf(await one)).toBe(answerTo('"same"'));
  expect(dataIn(await textOf(await two))).toEqual([progress('"t"', 5), answerTo('"same"')]);
});

test("a subscription's messages carry the client's own id again, and its end is a cancellation", async () => {
  const peer = new Peer();
  const shared = new SharedChannel(peer, () => undefined);
  const listen = bytes('{"jsonrpc":"2.0","id":"sub","method":"subscriptions/listen","params":{}}');
  const opened = shared.post(listen, request);
  const note = (id: string) =>
    `{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":${id}}}}`;
  shared.receive(bytes(note("1")));
  const answer = await opened;
  const [chunk] = (await once(answer.body, "data")) as [Buffer];
  expect(dataIn(String(chunk))).toEqual([note('"sub"')]);
  answer.stop();
  await expect
    .poll(() => peer.got.at(-1))
    .toBe('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}');
});

test.each([
  [-32601, 404],
  [-32022, 400],
  [-32602, 200],
  [-32603, 200],
])("a sessionless error %d has the status %d that a server over HTTP gives it", async (code, status) => {
  const shared = new SharedChannel(new Peer(), () => undefined);
  const opened = shared.post(call("4"), request);
  shared.receive(bytes(`{"jsonrpc":"2.0","id":1,"error":{"code":${String(code)},"message":"no"}}`));
  expect((await opened).status).toBe(status);
});
