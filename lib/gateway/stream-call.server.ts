import "server-only";
import { databaseTime } from "@/lib/ledger/ledger.server";
import type { Answer } from "./answer";
import type { CallRun } from "./call-run.server";
import { leave } from "./in-flight.server";
import { screenAnswer } from "./return-path.server";
import { readRpcMessage } from "@/lib/http/rpc-message";
import { toEvent, withData, type SseEvent } from "@/lib/http/sse-parse";
import { SseRelay, type StreamEnd, type StreamRules } from "./sse-relay.server";
import { watchStream, type StreamWatch } from "./stream-watch.server";
import { takeTask } from "./task-watch.server";
import { suspend } from "./suspended.server";
import type { UpstreamAnswer } from "./upstream-answer.server";
import { noteForeignAnswer, passUpstreamCall } from "./upstream-request.server";
import { clientHeaders } from "./session-envelope.server";

/** Relays the event stream that answers a call, and settles the call when its answer passes. */
export async function streamCall(run: CallRun, answer: UpstreamAnswer): Promise<Answer> {
  const { call } = run;
  const now = await databaseTime();
  let isResumable = false;
  const watch = watchStream(call, run.policy, "call");
  const rules: StreamRules = {
    onEvent: (event) => {
      isResumable ||= event.hasId && call.era === "legacy";
      return passEvent(run, event, watch, now);
    },
    onEnd: (end, stalled) => {
      watch.end();
      leave(run.entry);
      return endOf(run, end, stalled, isResumable);
    },
    readOn: () => {
      if (call.era === "modern") run.isLeft = true;
      return call.era === "legacy" || run.holds;
    },
    totalMs: run.remainingMs,
    keepAliveMs: call.settings.deadlines.keepAliveMs,
  };
  const relay = new SseRelay(answer, rules);
  watch.start(relay);
  return {
    status: answer.status,
    body: relay.readable,
    type: "sse",
    decisionId: call.decisionId,
    headers: clientHeaders(call, answer.headers),
  };
}

function passEvent(run: CallRun, event: SseEvent, watch: StreamWatch, now: Date) {
  const { call } = run;
  if (!event.data || event.data.length === 0) return event.raw;
  const message = readRpcMessage(event.data);
  if (!message) return { kind: "broken", code: "upstream_malformed" } as const;
  if (message.kind === "call") return passUpstreamCall(call, watch.policy(), event.data, message) ? event.raw : null;
  // Another request's answer, or a second one: nobody asked for it here.
  if (message.id !== call.message.id || run.isSettled || run.isAnswered) {
    noteForeignAnswer(call, watch.policy());
    return null;
  }
  const returning = { posted: call, policy: watch.policy(), decisionId: call.decisionId, now };
  const screened = screenAnswer(returning, watch.filter(call.era === "modern"), event.data, message);
  if (!screened) return { kind: "broken", code: "upstream_malformed" } as const;
  if (event.isMessage && message.taskId === null) run.answer(message, screened);
  else if (event.isMessage && message.taskId !== null) void takeTask(run, message.taskId, screened);
  return screened === event.data ? event.raw : withData(event, screened);
}

/** Settles a call whose stream ended without its answer, and writes the last words to a client that still listens. */
function endOf(run: CallRun, end: StreamEnd, stalled: boolean, isResumable: boolean): Uint8Array | null {
  if (run.isSettled || run.isAnswered) return null;
  if (end.kind !== "broken" && isResumable) {
    suspend(run);
    return null;
  }
  // An agent that stops reading would otherwise turn its own silence into an unknown outcome that gives quota back.
  if (stalled || end.kind === "left") run.isLeft = true;
  const verdict = run.settle(end.kind === "broken" ? end : { kind: "broken", code: "upstream_error" });
  return toEvent(run.failureText(verdict));
}
