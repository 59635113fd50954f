import type { Issue } from "@/lib/kernel/errors";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

interface Failure {
  code: string;
  /** What happened. */
  title: string;
  /** What to check. */
  detail: string;
  /** HTTP status; 0 when no answer came. */
  status: number;
  requestId: string;
  issues?: readonly Issue[];
}

/** A refused or failed request to the console's API. Recognise it by its `name`. */
export class ApiError extends Error {
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly status: number;
  readonly requestId: string;
  readonly issues: readonly Issue[];

  constructor(failure: Failure) {
    super(failure.title);
    this.name = "ApiError";
    this.code = failure.code;
    this.title = failure.title;
    this.detail = failure.detail;
    this.status = failure.status;
    this.requestId = failure.requestId;
    this.issues = failure.issues ?? [];
  }
}

/**
 * Calls the console's API from the browser with the session cookie. Resolves to the answer's data (undefined for 204); throws
 * ApiError with the server's code and issues, or with `unreachable` when no readable answer came.
 */
export async function callApi<T>(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const response = await send(method, path, body, signal);
  if (response.status === 204) return undefined as T;
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok && answer !== null) return answer as T;
  throw new ApiError(isRefusal(answer) ? answer.error : unreadable(response.status));
}

async function send(method: Method, path: string, body: unknown, signal: AbortSignal | undefined): Promise<Response> {
  try {
    return await fetch(path, {
      method,
      credentials: "same-origin",
      redirect: "error",
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(unreadable(0));
  }
}

function isRefusal(answer: unknown): answer is { error: Failure } {
  if (typeof answer !== "object" || answer === null || !("error" in answer)) return false;
  return typeof answer.error === "object" && answer.error !== null && "code" in answer.error;
}

function unreadable(status: number): Failure {
  return {
    code: "unreachable",
    title: status === 0 ? "The server did not answer." : "The server's answer could not be read.",
    detail: "Your connection, and that PolicyLayer is running.",
    status,
    requestId: "",
  };
}
