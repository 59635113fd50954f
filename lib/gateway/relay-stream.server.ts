import "server-only";
import { readRpcMessage } from "@/lib/http/rpc-message";
import { toEvent, withData, type SseEvent } from "@/lib/http/sse-parse";
import { databaseTime } from "@/lib/ledger/ledger.server";
import type { Answer } from "./answer";
import { leave } from "./in-flight.server";
import { modernNotice, wantsNotices, withPromise } from "./list-notice.server";
import { failureText, idOf, rewrite, type Relayed } from "./relay-message.server";
import { SseRelay } from "./sse-relay.server";
import { watchStream, type StreamWatch } from "./stream-watch.server";
import type { UpstreamAnswer } from "./upstream-answer.server";
import { noteForeignAnswer, passUpstreamCall } from "./upstream-request.server";

/** A stream while it is relayed. */
interface Running {
  relayed: Relayed;
  watch: StreamWatch;
  now: Date;
  isAnswered: boolean;
  /** The subscription's id as JSON, when it wants to hear of changed tool lists; null otherwise. */
  noticesTo: string | null;
  /** The acknowledgement went out, so that notices may follow. */
  isPromised: boolean;
  /** The upstream has nothing to tell here: only this gateway does. */
  isAlone: boolean;
}

/**
 * Relays the event stream that answers a message which is no tool call, each event as it comes. A `subscriptions/listen` that wants
 * to hear of changed tool lists stays open until its client leaves, also where the upstream has nothing to tell.
 */
export async function relayStream(
  relayed: Relayed,
  answer: UpstreamAnswer,
  isListen: boolean,
): Promise<Pick<Answer, "body" | "type">> {
  const { posted } = relayed;
  const watch = watchStream(posted, relayed.policy);
  const noticesTo = noticesOf(relayed, isListen);
  const running: Running = {
    relayed,
    watch,
    now: await databaseTime(),
    isAnswered: false,
    noticesTo,
    isPromised: false,
    isAlone: false,
  };
  const relay = new SseRelay(answer, {
    onEvent: (event) => passEvent(running, event),
    onEnd: (end) => {
      watch.end();
      leave(relayed.entry);
      return end.kind === "broken" && !running.isAnswered ? toEvent(failureText(relayed, end.code)) : null;
    },
    readOn: () => false,
    outlives: () => running.isAlone,
    totalMs: isListen ? null : posted.settings.deadlines.totalMs,
    keepAliveMs: posted.settings.deadlines.keepAliveMs,
  });
  const listChanged = () => {
    if (noticesTo !== null && running.isPromised) relay.say(modernNotice(noticesTo));
  };
  watch.start({ close: () => relay.close(), ...(noticesTo === null ? {} : { listChanged }) });
  return { body: relay.readable, type: "sse" };
}

function noticesOf({ posted }: Relayed, isListen: boolean): string | null {
  const { message } = posted;
  return isListen && message.kind === "request" && wantsNotices(message.params) ? message.idText : null;
}

function passEvent(running: Running, event: SseEvent) {
  const { relayed, watch, now } = running;
  if (!event.data || event.data.length === 0) return event.raw;
  const message = readRpcMessage(event.data);
  if (!message) return malformed;
  if (message.kind === "call") return passCall(running, event, message);
  // A subscription that this gateway serves alone has not ended.
  if (running.isAlone && message.result) return null;
  if (message.id !== idOf(relayed) || running.isAnswered) {
    noteForeignAnswer(relayed.posted, watch.policy());
    return null;
  }
  const filter = watch.filter(relayed.posted.era === "modern");
  const data = rewrite({ relayed, filter, policy: watch.policy(), now }, event.data, message);
  if (!data) return malformed;
  running.isAnswered = event.isMessage;
  return data === event.data ? event.raw : withData(event, data);
}

const malformed = { kind: "broken", code: "upstream_malformed" } as const;

function passCall(running: Running, event: SseEvent, message: Parameters<typeof passUpstreamCall>[3]) {
  const { relayed, watch, noticesTo } = running;
  const data = event.data ?? new Uint8Array();
  if (!passUpstreamCall(relayed.posted, watch.policy(), data, message)) return null;
  const promised = noticesTo !== null && !running.isPromised ? withPromise(data) : null;
  if (!promised) return event.raw;
  running.isPromised = true;
  running.isAlone = promised.isAlone;
  return promised.bytes === data ? event.raw : withData(event, promised.bytes);
}
