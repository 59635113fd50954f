import { errorTable, type ErrorCode } from "@/lib/kernel/errors";
import { jsonAnswer, type Answer } from "./answer";
import { rpcError } from "./messages";
import { codeOfStatus } from "./outcome";

/** What a request that is no tool call gets when its upstream failed: the status and code of the error table. */
export function upstreamFailure(idText: string, code: ErrorCode, decisionId: string | null, status?: number): Answer {
  const part = { decision: "allow" as const, rule: "", reason: code, ...(decisionId === null ? {} : { decisionId }) };
  return jsonAnswer(status ?? errorTable[code].status, rpcError(idText, code, part), decisionId);
}

/** Status and code for an upstream status that is not relayed as it is; null = relay status and body. */
export function judgeStatus(status: number, isRpc: boolean): { code: ErrorCode; status: number } | null {
  const code = codeOfStatus(status, isRpc);
  if (code === null) return null;
  const own = code === "upstream_rejected" || code === "upstream_rate_limited";
  const isClientFault = status >= 400 && status < 500 && code === "upstream_error";
  return { code, status: own || isClientFault ? status : errorTable[code].status };
}
