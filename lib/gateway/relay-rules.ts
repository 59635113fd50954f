import { errorTable, type ErrorCode } from "@/lib/kernel/errors";
import { jsonAnswer, retryHeader, type Answer } from "./answer";
import { rpcError } from "./messages";
import { codeOfStatus, type BrokenEnd, type UnsentEnd } from "./outcome";

/** What a request that is no tool call gets when its upstream failed: the status and code of the error table. */
export function upstreamFailure(
  idText: string,
  code: ErrorCode,
  decisionId: string | null,
  more: { status?: number; retryAfterMs?: number } = {},
): Answer {
  const { status = errorTable[code].status, retryAfterMs } = more;
  const retry = retryAfterMs === undefined ? {} : { retryAfterMs };
  const id = decisionId === null ? {} : { decisionId };
  const part = { decision: "allow" as const, rule: "", reason: code, ...id, ...retry };
  const answer = jsonAnswer(status, rpcError(idText, code, part), decisionId);
  if (retryAfterMs === undefined) return answer;
  return { ...answer, headers: retryHeader(retryAfterMs) };
}

/** What a request that is no tool call gets when it never reached its upstream, or broke on the way. */
export function endFailure(idText: string, end: UnsentEnd | BrokenEnd, decisionId: string | null): Answer {
  const { code } = end;
  const retryAfterMs = end.kind === "unsent" ? end.retryAfterMs : undefined;
  return upstreamFailure(idText, code, decisionId, retryAfterMs === undefined ? {} : { retryAfterMs });
}

/** Status and code for an upstream status that is not relayed as it is; null = relay status and body. */
export function judgeStatus(status: number, isRpc: boolean): { code: ErrorCode; status: number } | null {
  const code = codeOfStatus(status, isRpc);
  if (code === null) return null;
  const own = code === "upstream_rejected" || code === "upstream_rate_limited";
  const isClientFault = status >= 400 && status < 500 && code === "upstream_error";
  return { code, status: own || isClientFault ? status : errorTable[code].status };
}
