import "server-only";
import { errorTable, toAppError, type AppError } from "@/lib/kernel/errors";
import { log } from "./log.server";

/** The body of every refusal of the console's API. */
export interface ErrorBody {
  error: {
    code: string;
    /** What happened, for people. */
    title: string;
    /** What to check. */
    detail: string;
    status: number;
    requestId: string;
    issues?: AppError["issues"];
  };
}

const common = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

/** An answer with data, large whole numbers as text; without any, 204. Signed-in data is never stored by caches. */
export function respond(data: unknown, requestId: string, status = 200): Response {
  const headers = { ...common, "x-request-id": requestId };
  if (data === undefined) return new Response(null, { status: 204, headers });
  const text = JSON.stringify(data, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
  return new Response(text, { status, headers: { ...headers, "content-type": "application/json" } });
}

/**
 * Any thrown thing as an answer, by the one error table: code, public text, what to check, status. Details and causes go to
 * the log only.
 */
export function respondError(error: unknown, requestId: string): Response {
  const failure = toAppError(error);
  const row = errorTable[failure.code];
  const body: ErrorBody = {
    error: {
      code: failure.code,
      title: row.say,
      detail: row.check,
      status: row.status,
      requestId,
      ...(failure.issues ? { issues: failure.issues } : {}),
    },
  };
  const headers: Record<string, string> = { ...common, "x-request-id": requestId };
  if (failure.retryAfterMs !== undefined) headers["retry-after"] = String(Math.ceil(failure.retryAfterMs / 1000));
  return Response.json(body, { status: row.status, headers });
}

/** The path of a URL as the log keeps it: no query, and no token that somebody put into the path. */
export function loggedPath(url: string): string {
  return new URL(url).pathname.replace(/(pl[cgort]_)[0-9a-z]+/gi, "$1…");
}

/** The one log line of a request. */
export function logRequest(
  request: Request,
  outcome: { requestId: string; status: number; ms: number; error?: unknown },
): void {
  const { error, ...facts } = outcome;
  const line = { ...facts, method: request.method, path: loggedPath(request.url) };
  if (error === undefined) {
    log().info(line);
    return;
  }
  const failure = toAppError(error);
  const known = { ...line, code: failure.code, detail: failure.detail };
  if (errorTable[failure.code].owner === "us") log().error({ ...known, err: failure.cause ?? failure });
  else log().info(known);
}
