import { env } from "@/lib/env/env.server";
import { AppError, errorTable, type ErrorCode } from "@/lib/kernel/errors";

const headers = { "cache-control": "no-store", pragma: "no-cache", "x-content-type-options": "nosniff" };

/** An answer of an OAuth endpoint; never kept by caches (RFC 6749, section 5.1). */
export function oauthAnswer(status: number, body?: object): Response {
  if (body === undefined) return new Response(null, { status, headers });
  return Response.json(body, { status, headers });
}

/** Throws `not_found` while OAuth toward clients is switched off. */
export function requireOauth(): void {
  if (!env().mcpOauth) throw new AppError("not_found", { detail: "MCP_OAUTH is off" });
}

const errorNames: Partial<Record<ErrorCode, string>> = {
  internal: "server_error",
  ledger_unavailable: "temporarily_unavailable",
  too_many_requests: "temporarily_unavailable",
};

/** A failure as RFC 6749, section 5.2 words it: `error` and a text; details stay in the log. */
export function oauthRefusal(failure: AppError): Response {
  const { status, say } = errorTable[failure.code];
  const error = errorNames[failure.code] ?? (status < 500 ? "invalid_request" : "server_error");
  const answer = oauthAnswer(status, { error, error_description: say });
  if (failure.retryAfterMs !== undefined) {
    answer.headers.set("retry-after", String(Math.ceil(failure.retryAfterMs / 1000)));
  }
  return answer;
}
