import "server-only";
import { singleton } from "@/lib/kernel/singleton";
import type { CallRun } from "./call-run.server";
import type { Exchange } from "./exchange.server";
import type { RpcId } from "@/lib/http/rpc-message";

/** Calls whose stream the upstream closed early and which a GET with `Last-Event-ID` may finish (MCP 2025-11-25). */
const suspended = singleton<Map<string, { run: CallRun; timer: NodeJS.Timeout }>>("gateway-suspended", () => new Map());
const suspendedMax = 4_096;

/** Keeps a call open until its answer comes on a resumed stream or its total time is over; then its outcome is unknown. */
export function suspend(run: CallRun): void {
  const key = keyOf(run.call, run.call.message.id);
  if (suspended.size >= suspendedMax || suspended.has(key)) {
    run.settle({ kind: "broken", code: "upstream_error" });
    return;
  }
  const timer = setTimeout(() => {
    suspended.delete(key);
    run.settle({ kind: "broken", code: "upstream_timeout" });
  }, run.remainingMs);
  timer.unref();
  suspended.set(key, { run, timer });
}

/** The suspended call that an answer on a listening stream belongs to, taken; null when there is none on this replica. */
export function takeSuspended(exchange: Exchange, id: RpcId): CallRun | null {
  const key = keyOf(exchange, id);
  const found = suspended.get(key);
  if (!found) return null;
  clearTimeout(found.timer);
  suspended.delete(key);
  return found.run;
}

/** Servers choose session ids by themselves, so a grant for several may have one twice. */
function keyOf({ grant, upstream, headers }: Exchange, id: RpcId): string {
  return JSON.stringify([grant.id, upstream.id, headers.session, id]);
}
