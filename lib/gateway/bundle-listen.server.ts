import "server-only";
import { findBundle } from "@/lib/bundles/bundles.server";
import { findMembers, findRootMembers, readString, readText } from "@/lib/http/json-span";
import { readRpcMessage } from "@/lib/http/rpc-message";
import { idOfEvent, messageEvent, withEventId, type SseEvent } from "@/lib/http/sse-parse";
import type { Answer } from "./answer";
import { ignore } from "./bundle-answer.server";
import { uniteObjects } from "./bundle-capabilities";
import type { BundleExchange, Member } from "./bundle-exchange.server";
import { listeningEventId, parseEventId } from "./bundle-events";
import { withoutSession } from "./bundle-start.server";
import { eventToOutside, mergeStreams, passStream, type Source } from "./bundle-stream.server";
import type { RequestMessage } from "./exchange.server";
import { legacyNotice, modernNotice, wantsNotices } from "./list-notice.server";
import { answerMessage } from "./post.server";
import type { ReadPost } from "./read-post.server";
import { refuseBody } from "./refuse-message.server";
import { upstreamFailure } from "./relay-rules";
import { answerSession } from "./session.server";

/** How long a subscription waits for the slowest server's acknowledgement, milliseconds. */
const acknowledgeMsMax = 5_000;
const lookEveryMs = 400;
const acknowledged = "notifications/subscriptions/acknowledged";

/**
 * The listening stream of the legacy era: what every server of the session says by itself, and the change notices of this gateway.
 * `Last-Event-ID` takes up each server's stream where the client lost it, or the one stream of a request that it was reading.
 */
export async function listenToBundle(exchange: BundleExchange, members: readonly Member[]): Promise<Answer> {
  const { lastEventId } = exchange.headers;
  const point = lastEventId === null ? null : parseEventId(lastEventId);
  const open = members.filter(({ upstream }) => upstream.enabled);
  if (point?.kind === "answer") {
    const member = open.find(({ prefix }) => prefix === point.prefix);
    if (!member) return refuseBody(exchange, "session", "null", "(session)");
    const answer = withoutSession(await answerSession(resumedAt(member, point.id), "GET"));
    return answer.body instanceof ReadableStream ? { ...answer, body: passStream(answer.body, member.prefix) } : answer;
  }
  const last = new Map(point?.ids);
  const asked = open.map(async (member) => ({
    member,
    answer: await answerSession(resumedAt(member, last.get(member.prefix) ?? null), "GET"),
  }));
  const begun = await firstStream(asked.map(async (one) => (await one).answer));
  if (begun) return withoutSession(begun);
  const sources = asked.map(async (one): Promise<Source | null> => {
    const { member, answer } = await one;
    if (!(answer.body instanceof ReadableStream)) return null;
    return { stream: answer.body, onEvent: (event) => listened(event, member.prefix, last) };
  });
  return streamOf(mergeStreams({ sources, ...noticesOf(exchange, legacyNotice) }));
}

/** Null once one of the answers is a stream; when none is, the first answer. */
async function firstStream(answers: readonly Promise<Answer>[]): Promise<Answer | null> {
  const streams = answers.map(async (answer) => {
    if (!((await answer).body instanceof ReadableStream)) throw new Error("no stream");
  });
  return Promise.any(streams).then(
    () => null,
    async () => (await answers[0]?.catch(ignore)) ?? upstreamFailure("null", "method_not_allowed", null),
  );
}

function resumedAt(member: Member, lastEventId: string | null): Member {
  return { ...member, headers: { ...member.headers, lastEventId } };
}

function listened(event: SseEvent, prefix: string, last: Map<string, string>): Uint8Array {
  const outside = eventToOutside(event, prefix);
  const id = idOfEvent(event);
  if (!id) return outside.raw;
  last.set(prefix, id);
  return withEventId(outside, listeningEventId(last)).raw;
}

/**
 * `subscriptions/listen` of 2026-07-28 at every server, as one stream: one acknowledgement of what any of them will tell, then
 * everything that they tell. It ends with one answer when the last of them has ended.
 */
export async function subscribeToBundle(
  exchange: BundleExchange,
  read: ReadPost,
  message: RequestMessage,
  members: readonly Member[],
): Promise<Answer> {
  const asked = members.filter(({ upstream }) => upstream.enabled).map((member) => answerMessage(member, read));
  const refused = await firstStream(asked);
  if (refused) return refused;
  const gate = new Gate(asked.length);
  const sources = asked.map(async (one): Promise<Source | null> => {
    const answer = await one.catch(ignore);
    if (!answer || !(answer.body instanceof ReadableStream)) {
      gate.hear(null);
      return null;
    }
    return { stream: answer.body, onEvent: (event) => gate.pass(event) };
  });
  const notices = wantsNotices(message.params) ? noticesOf(exchange, modernNotice(message.idText)) : null;
  return streamOf(
    mergeStreams({
      sources,
      onStart: (emit) => {
        gate.open(emit);
        notices?.onStart(emit);
      },
      onClose: () => {
        gate.close();
        notices?.onClose();
      },
      onEnd: () => gate.last,
    }),
  );
}

/** Holds everything back until each server has acknowledged, failed or kept the others waiting too long. */
class Gate {
  last: Uint8Array | null = null;
  #missing: number;
  #acknowledgement: Uint8Array | null = null;
  #filters: string[] = [];
  #held: Uint8Array[] = [];
  #emit: ((bytes: Uint8Array) => void) | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(servers: number) {
    this.#missing = servers;
  }

  open(emit: (bytes: Uint8Array) => void): void {
    this.#emit = emit;
    this.#timer = setTimeout(() => {
      this.#release();
    }, acknowledgeMsMax);
    if (this.#missing === 0) this.#release();
  }

  close(): void {
    if (this.#timer) clearTimeout(this.#timer);
  }

  /** One server acknowledged, or never will. */
  hear(acknowledgement: Uint8Array | null): void {
    if (acknowledgement) {
      this.#acknowledgement ??= acknowledgement;
      this.#filters.push(filterOf(acknowledgement) ?? "{}");
    }
    this.#missing -= 1;
    if (this.#missing === 0) this.#release();
  }

  pass(event: SseEvent): Uint8Array | null {
    if (!event.data || event.data.length === 0) return event.raw;
    if (filterOf(event.data) !== null) {
      this.hear(event.data);
      return null;
    }
    if (readRpcMessage(event.data)?.kind === "answer") {
      this.last = event.raw;
      return null;
    }
    if (this.#missing <= 0) return event.raw;
    this.#held.push(event.raw);
    return null;
  }

  #release(): void {
    if (!this.#emit) return;
    this.#missing = Math.min(0, this.#missing);
    this.close();
    const { joined } = this;
    if (joined) this.#emit(messageEvent(joined));
    for (const bytes of this.#held) this.#emit(bytes);
    this.#held = [];
    this.#emit = null;
  }

  /** The first acknowledgement with the filters of all in it. */
  private get joined(): Uint8Array | null {
    const first = this.#acknowledgement;
    const span = first && filterSpan(first);
    if (!span) return null;
    const text = uniteObjects(this.#filters);
    const decoder = new TextDecoder();
    return new TextEncoder().encode(
      decoder.decode(first.subarray(0, span.start)) + text + decoder.decode(first.subarray(span.end)),
    );
  }
}

function filterSpan(bytes: Uint8Array) {
  const root = findRootMembers(bytes);
  const method = root?.find(({ key }) => key === "method");
  if (!method || readString(bytes, method) !== acknowledged) return null;
  const params = root?.find(({ key }) => key === "params");
  return (params && findMembers(bytes, params)?.find(({ key }) => key === "notifications")) ?? null;
}

/** What an acknowledgement says will be told, as JSON; null for any other message. */
function filterOf(bytes: Uint8Array): string | null {
  const span = filterSpan(bytes);
  return span && readText(bytes, span);
}

/** Tells of a changed list when the bundle itself was changed: a server more or less, another prefix or order. */
function noticesOf({ bundle }: BundleExchange, notice: Uint8Array) {
  let version = bundle.version;
  let timer: NodeJS.Timeout | null = null;
  return {
    onStart: (emit: (bytes: Uint8Array) => void) => {
      timer = setInterval(() => {
        findBundle(bundle.id).then((now) => {
          if (!now || now.version === version) return;
          version = now.version;
          emit(notice);
        }, ignore);
      }, lookEveryMs).unref();
    },
    onClose: () => {
      if (timer) clearInterval(timer);
    },
  };
}

function streamOf(body: ReadableStream<Uint8Array>): Answer {
  return { status: 200, body, type: "sse", decisionId: null };
}
