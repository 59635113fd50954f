import { isStartError } from "@/lib/env/start-error";
import { errorTable, isAppError } from "@/lib/kernel/errors";

/** What the person at the terminal reads when the process must end: no stack for what they can mend themselves. */
export function textOf(error: unknown): string {
  if (isStartError(error)) return error.message;
  if (isAppError(error) && "exit" in errorTable[error.code]) {
    const { say, check } = errorTable[error.code];
    return `${say}${error.detail ? ` ${error.detail}` : ""}\nWhat to check: ${check}`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The exit code of a process that ends for this reason: the error's own, or 1. */
export function exitCodeOf(error: unknown): number {
  if (isStartError(error)) return error.exitCode;
  if (!isAppError(error)) return 1;
  const row = errorTable[error.code];
  return "exit" in row ? row.exit : 1;
}
