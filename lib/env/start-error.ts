import { AppError, errorTable, isAppError } from "@/lib/kernel/errors";

type StartCode = "start_failed" | "data_folder_in_use";

/** A start that must end: `text` is what the operator reads, whole and without a stack; the code gives the exit code of the process. */
export function startError(text: string, cause?: unknown, code: StartCode = "start_failed"): AppError {
  return new AppError(code, { detail: text, cause });
}

/** The exit code of a process that ends for this reason: that of the error table, or 1. */
export function exitCodeOf(error: unknown): number {
  if (!isAppError(error)) return 1;
  const row = errorTable[error.code];
  return "exit" in row ? row.exit : 1;
}
