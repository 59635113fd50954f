"use client";

import { callApi, type ApiError, type Method } from "@/lib/http/client";

/** Window event: a request found that nobody is signed in any more. */
export const sessionEnded = "policylayer:session-ended";

export interface ApiFailure {
  title: string;
  detail: string;
  code: string;
  requestId: string | undefined;
  issues: readonly { path: string; message: string }[];
}

function isApiError(error: unknown): error is ApiError {
  return error instanceof Error && error.name === "ApiError";
}

/** Calls the console's API; when the session has ended it also brings up the dialog to sign in again. */
export async function api<T = void>(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  try {
    return await callApi<T>(method, path, body, signal);
  } catch (error) {
    if (isApiCode(error, "unauthenticated")) window.dispatchEvent(new Event(sessionEnded));
    throw error;
  }
}

export function isApiCode(error: unknown, code: string): boolean {
  return isApiError(error) && error.code === code;
}

/** Any thrown thing as something to show. */
export function failureOf(error: unknown): ApiFailure {
  if (!isApiError(error)) {
    return {
      title: "Something went wrong on this page.",
      detail: "",
      code: "client_error",
      requestId: undefined,
      issues: [],
    };
  }
  const { title, detail, code, requestId, issues } = error;
  return { title, detail, code, requestId: requestId === "" ? undefined : requestId, issues };
}
