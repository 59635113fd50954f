import { errorTable, type ErrorCode } from "@/lib/kernel/errors";
import { deniedPrefix, unknownToolText } from "@/lib/policy/agent-text";
import { modernRevision, type Era } from "./revision";

/** The machine-readable part of everything that the gateway itself answers about a decision. */
export interface DecisionPart {
  decision: "allow" | "deny" | "hold" | "rate_limited";
  /** Rule id, a JSON Pointer by name; "" when no rule of a policy spoke. */
  rule: string;
  reason: string;
  decisionId: string;
  retryAfterMs?: number;
  outcome?: "void" | "in_doubt";
  mayHaveRun?: boolean;
}

const prefixes = { D: deniedPrefix, U: "[POLICYLAYER UPSTREAM ERROR] " } as const;
export const decisionKey = "policylayer/decision";

/** What callers are told about `code`. */
export function sayOf(code: ErrorCode): string {
  return errorTable[code].say;
}

/**
 * A refused tool call: a tool result with `isError`, so that the agent's model reads the text. `idText` is the request's id as
 * JSON. Modern results say that they are complete.
 */
export function toolRefusal(idText: string, era: Era, prefix: "D" | "U", text: string, part: DecisionPart): string {
  const result = {
    ...(era === "modern" ? { resultType: "complete" } : {}),
    content: [{ type: "text", text: prefixes[prefix] + text }],
    isError: true,
    _meta: { [decisionKey]: part },
  };
  return `{"jsonrpc":"2.0","id":${idText},"result":${JSON.stringify(result)}}`;
}

/** A JSON-RPC error with the code of the table and the decision, if there is one, under `data`. */
export function rpcError(idText: string, code: ErrorCode, part: Partial<DecisionPart> | null, text?: string): string {
  return errorText(idText, errorTable[code].rpc, text ?? sayOf(code), part ? { [decisionKey]: part } : null);
}

/**
 * Protocol version not known: −32022 names the one that takes requests of this form (MCP 2026-07-28). The revisions with sessions are
 * not named, because only the upstream knows whether it serves them; the legacy era has no code of its own for it.
 */
export function versionError(idText: string, era: Era, requested: string | null, part: Partial<DecisionPart>): string {
  if (era === "legacy") return rpcError(idText, "version", part);
  const data = { supported: [modernRevision], requested: requested ?? modernRevision, [decisionKey]: part };
  return errorText(idText, -32022, sayOf("version"), data);
}

/** The one answer to hidden and unknown tools. */
export function unknownTool(idText: string, name: string): string {
  return errorText(idText, -32602, unknownToolText(name), null);
}

/** Parameters that this gateway itself cannot serve (JSON-RPC 2.0, section 5.1). */
export function invalidParams(idText: string, text: string): string {
  return errorText(idText, -32602, text, null);
}

/** A request that only a client with the extension may send: −32021, which names it (MCP 2026-07-28, SEP-2575). HTTP 400. */
export function missingExtension(idText: string, extension: string): string {
  const requiredCapabilities = { extensions: { [extension]: {} } };
  return errorText(idText, -32021, "Missing required client capability", { requiredCapabilities });
}

/** How a server without that method answers. */
export function unknownMethod(idText: string): string {
  return errorText(idText, -32601, sayOf("unknown_method"), null);
}

/** The one body of every 401, whatever was wrong with the token. */
export const unauthorised = errorText("null", errorTable.invalid_token.rpc, sayOf("invalid_token"), null);

/** The text of an upstream failure; when the call may have run, it says so and names the decision. */
export function upstreamText(code: ErrorCode, decisionId: string, mayHaveRun: boolean): string {
  if (!mayHaveRun) return `${sayOf(code)}.`;
  return `${sayOf(code)}. Do not repeat it blindly: check first whether it took effect. Decision ${decisionId}.`;
}

function errorText(idText: string, code: number, message: string, data: Record<string, unknown> | null): string {
  const error = data ? { code, message, data } : { code, message };
  return `{"jsonrpc":"2.0","id":${idText},"error":${JSON.stringify(error)}}`;
}
