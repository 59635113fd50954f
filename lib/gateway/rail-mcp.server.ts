import "server-only";
import { jsonAnswer, type Answer } from "./answer";
import { CallRun } from "./call-run.server";
import { answerBytesMax } from "./deadlines";
import type { InFlight } from "./in-flight.server";
import { rpcError } from "./messages";
import { codeOfStatus } from "./outcome";
import type { Rail } from "./rail.server";
import { readRpcMessage, type RpcMessage } from "@/lib/http/rpc-message";
import { databaseTime } from "@/lib/ledger/ledger.server";
import { screenAnswer } from "./return-path.server";
import { streamCall } from "./stream-call.server";
import { takeTask } from "./task-watch.server";
import { openUpstream, type OpenOptions } from "./transport.server";
import { collect, type UpstreamAnswer } from "./upstream-answer.server";
import { clientHeaders } from "./session-envelope.server";

/** The rail of MCP tool calls: the client's own bytes over streamable HTTP. */
export function mcpRail(entry: InFlight): Rail {
  return {
    async relay(call, leave) {
      const run = new CallRun(call, leave, entry);
      try {
        return await send(run);
      } catch {
        // Nothing below throws by design; if it does, what became of the call is not known.
        return run.fail({ kind: "broken", code: "upstream_error" });
      }
    },
  };
}

async function send(run: CallRun): Promise<Answer> {
  const { call } = run;
  const cancel = cancelOf(run);
  const options: OpenOptions = { method: "POST", body: call.bytes, idleMs: call.settings.deadlines.idleMs };
  if (cancel) options.signal = cancel;
  const opened = await openUpstream(call, options);
  if (!opened.ok) return run.fail(opened.end, "retryAfterMs" in opened.end ? opened.end.retryAfterMs : undefined);
  const { answer } = opened;
  run.status = answer.status;
  if (answer.status < 200 || answer.status >= 300) return relayStatus(run, answer);
  if (answer.type === "sse") return streamCall(run, answer);
  if (answer.type === null) {
    answer.discard();
    return run.fail({ kind: "unanswered" });
  }
  return relayJson(run, answer);
}

/**
 * In the modern era a closed connection is a cancel. It is passed on only where a lost outcome would not have to be held:
 * otherwise the upstream is read on to learn how the call really ended.
 */
function cancelOf(run: CallRun): AbortSignal | null {
  if (run.call.era !== "modern") return null;
  const gone = run.call.gone();
  const leave = () => {
    run.isLeft = true;
  };
  if (gone.aborted) leave();
  else gone.addEventListener("abort", leave, { once: true });
  return run.holds ? null : gone;
}

async function relayJson(run: CallRun, answer: UpstreamAnswer): Promise<Answer> {
  const collected = await collect(answer, answerBytesMax, run.remainingMs);
  if (!collected.ok) return run.fail(collected.end);
  const message = readRpcMessage(collected.bytes);
  if (message?.kind !== "answer" || message.id !== run.call.message.id) {
    return run.fail(
      collected.bytes.length === 0 ? { kind: "unanswered" } : { kind: "broken", code: "upstream_malformed" },
    );
  }
  const body = await seenByClient(run, collected.bytes, message);
  if (!body) return run.fail({ kind: "broken", code: "upstream_malformed" });
  if (message.taskId === null) run.answer(message, body);
  else await takeTask(run, message.taskId, body);
  const { decisionId } = run.call;
  return {
    status: answer.status,
    body,
    type: "json",
    decisionId,
    headers: clientHeaders(run.call, answer.headers),
  };
}

/** The answer as the client may see it; nearly always the very same bytes. Null when it cannot be read. */
async function seenByClient(
  run: CallRun,
  bytes: Uint8Array,
  message: RpcMessage,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const { call, policy } = run;
  const isPlain = message.errorCode === null && message.resultType !== "input_required" && !message.listsTools;
  if (isPlain) return bytes as Uint8Array<ArrayBuffer>;
  const returning = { posted: call, policy, decisionId: call.decisionId, now: await databaseTime() };
  const filter = { policy: policy?.compiled ?? null, pins: call.upstream, isModern: call.era === "modern" };
  return screenAnswer(returning, filter, bytes, message) as Uint8Array<ArrayBuffer> | null;
}

async function relayStatus(run: CallRun, answer: UpstreamAnswer): Promise<Answer> {
  const { status } = answer;
  const { call } = run;
  const body = status >= 400 && status < 500 && answer.type === "json" ? await bodyOf(run, answer) : answer.discard();
  const isRpc = body !== undefined && readRpcMessage(body)?.kind === "answer";
  const code = codeOfStatus(status, isRpc);
  const headers = clientHeaders(call, answer.headers);
  if (status === 404 && call.headers.session !== null) {
    run.settle({ kind: "status", status, isRpc });
    const text = isRpc ? body : rpcError(call.message.idText, "session", null);
    return { status, body: text, type: "json", decisionId: call.decisionId, headers };
  }
  if (code !== null || body === undefined) {
    return run.fail({ kind: "status", status, isRpc }, retryAfterOf(answer));
  }
  run.settle({ kind: "status", status, isRpc });
  return { ...jsonAnswer(status, "", call.decisionId), body, headers };
}

async function bodyOf(run: CallRun, answer: UpstreamAnswer): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const collected = await collect(answer, answerBytesMax, run.remainingMs);
  return collected.ok ? collected.bytes : undefined;
}

/** `Retry-After` in seconds (RFC 9110, section 10.2.3) as milliseconds, at most an hour; undefined without one. */
function retryAfterOf(answer: UpstreamAnswer): number | undefined {
  const value = answer.headers["retry-after"];
  const seconds = typeof value === "string" && /^\d{1,6}$/.test(value) ? Number(value) : null;
  return seconds === null || answer.status !== 429 ? undefined : Math.min(seconds, 3600) * 1000;
}
