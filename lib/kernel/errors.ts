import { apiErrors } from "./error-rows-api";
import { callErrors } from "./error-rows-call";
import { startErrors } from "./error-rows-start";
import { wireErrors } from "./error-rows-wire";

/**
 * Every failure that leaves this process, once. Two mappers read it: `lib/http/respond.server.ts` (API) and
 * `lib/gateway/messages.ts` (MCP). Own JSON-RPC codes −31001…−31004 lie outside the reserved range of JSON-RPC 2.0, section 5.1.
 */
export const errorTable = { ...apiErrors, ...wireErrors, ...callErrors, ...startErrors } as const;

export type ErrorCode = keyof typeof errorTable;

/** One finding inside a refused input; `path` is dotted, `line` and `column` are 1-based when the input is text. */
export interface Issue {
  path: string;
  message: string;
  fix?: string;
  line?: number;
  column?: number;
  severity?: "error" | "warning";
  code?: string;
}

const brand = Symbol.for("policylayer.AppError");

interface Details {
  /** For logs only, never shown to callers. */
  detail?: string;
  cause?: unknown;
  issues?: readonly Issue[];
  retryAfterMs?: number;
}

/** The one exception class of the product: a code of the table plus what the log needs. Recognise it with `isAppError`. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly issues: readonly Issue[] | undefined;
  readonly retryAfterMs: number | undefined;
  readonly [brand] = true;

  constructor(code: ErrorCode, details: Details = {}) {
    super(details.detail ? `${code}: ${details.detail}` : code, { cause: details.cause });
    this.name = "AppError";
    this.code = code;
    this.detail = details.detail;
    this.issues = details.issues;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** True for our own errors, also for those made by the process's other bundle (where `instanceof` would be false). */
export function isAppError(value: unknown): value is AppError {
  return typeof value === "object" && value !== null && brand in value;
}

/** Any thrown thing as an AppError: own errors as they are, zod errors `invalid_input`, aborts `caller_gone`, the rest `internal`. */
export function toAppError(value: unknown): AppError {
  if (isAppError(value)) return value;
  const name = typeof value === "object" && value !== null && "name" in value ? value.name : "";
  if (name === "ZodError") return new AppError("invalid_input", { cause: value, issues: issuesOf(value) });
  if (name === "AbortError") return new AppError("caller_gone", { cause: value });
  return new AppError("internal", { cause: value, detail: value instanceof Error ? value.message : String(value) });
}

function issuesOf(error: unknown): Issue[] {
  const issues = (error as { issues?: { path: PropertyKey[]; message: string }[] }).issues ?? [];
  return issues.map((issue) => ({ path: issue.path.map(String).join("."), message: issue.message }));
}
