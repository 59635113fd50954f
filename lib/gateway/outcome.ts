import type { ErrorCode } from "@/lib/kernel/errors";
import type { Outcome } from "@/lib/ledger/types";
import type { RpcMessage } from "@/lib/http/rpc-message";

/** How sending a `tools/call` to the upstream ended. */
export type CallEnd =
  /** No byte of the request left: DNS, refused, TLS, connect timeout, blocked address, no usable credential, breaker open. */
  | {
      kind: "unsent";
      code: Extract<ErrorCode, "upstream_unreachable" | "address_blocked" | "upstream_auth_required" | "circuit_open">;
      retryAfterMs?: number;
    }
  /** HTTP 200 with the answer to this very request. */
  | { kind: "answered"; answer: RpcMessage }
  /** Another status; `isRpc` when its body is a JSON-RPC message. */
  | { kind: "status"; status: number; isRpc: boolean }
  /** The task that the call had become reached its end. */
  | { kind: "task"; end: "completed" | "tool_error" | "failed" | "cancelled" }
  /** A status of 2xx whose body held no answer to this request. */
  | { kind: "unanswered" }
  /** Reset, end of stream before the answer, idle or total timeout, over a cap, unreadable. */
  | {
      kind: "broken";
      code: Extract<ErrorCode, "upstream_error" | "upstream_timeout" | "upstream_too_large" | "upstream_malformed">;
    };

export type UnsentEnd = Extract<CallEnd, { kind: "unsent" }>;
export type BrokenEnd = Extract<CallEnd, { kind: "broken" }>;

export interface Verdict {
  outcome: Outcome["kind"];
  /** Goes into the log beside the outcome. */
  reason: string | null;
  /** What the client is told instead of the upstream's answer; null = the upstream's answer is relayed. */
  code: ErrorCode | null;
}

/** JSON-RPC errors that say that the call was not run. −32042 asks for a step before it; the retry reserves again. */
const notRunCodes: ReadonlySet<number> = new Set([-32700, -32600, -32601, -32602, -32020, -32021, -32022, -32042]);

/** HTTP statuses that say that the call was not run. */
const notRunStatuses: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 406, 413, 415, 422, 429]);

/** The one table from the end of a call to what becomes of its reservation and what the client gets. */
export function verdictOf(end: CallEnd): Verdict {
  switch (end.kind) {
    case "unsent":
      return { outcome: "failure", reason: end.code, code: end.code };
    case "answered":
      return ofAnswer(end.answer);
    case "status":
      return ofStatus(end.status, end.isRpc);
    case "task":
      return ofTask(end.end);
    case "unanswered":
      return unknown("upstream_malformed");
    case "broken":
      return unknown(end.code);
  }
}

function ofAnswer(answer: RpcMessage): Verdict {
  if (answer.errorCode !== null) {
    const notRun = notRunCodes.has(answer.errorCode);
    return { outcome: notRun ? "failure" : "unknown", reason: `rpc_error ${String(answer.errorCode)}`, code: null };
  }
  if (answer.isError) return { outcome: "tool_error", reason: "tool_error", code: null };
  if (answer.resultType === "input_required") return { outcome: "failure", reason: "input_required", code: null };
  return { outcome: "success", reason: null, code: null };
}

function ofTask(end: Extract<CallEnd, { kind: "task" }>["end"]): Verdict {
  if (end === "completed") return { outcome: "success", reason: "task", code: null };
  if (end === "tool_error") return { outcome: "tool_error", reason: "task tool_error", code: null };
  // What a task did before it broke or was stopped is not known.
  return { outcome: "unknown", reason: `task ${end}`, code: null };
}

function ofStatus(status: number, isRpc: boolean): Verdict {
  const notRun = notRunStatuses.has(status);
  const outcome = notRun ? "failure" : "unknown";
  return { outcome, reason: `http ${String(status)}`, code: codeOfStatus(status, isRpc, notRun) };
}

/** What the client is told about an upstream status; null = the upstream's own status and body are relayed. */
export function codeOfStatus(status: number, isRpc: boolean, notRun = notRunStatuses.has(status)): ErrorCode | null {
  if (status === 401 || status === 403) return "upstream_auth_required";
  if (status === 429) return "upstream_rate_limited";
  if (status < 400 || status >= 500) return "upstream_error";
  if (isRpc) return null;
  return notRun ? "upstream_rejected" : "upstream_error";
}

function unknown(code: ErrorCode): Verdict {
  return { outcome: "unknown", reason: code, code };
}
