import { errorTable, isAppError } from "@/lib/kernel/errors";

/** What the person at the terminal reads when the process must end: no stack for what they can mend themselves. */
export function textOf(error: unknown): string {
  if (!isAppError(error) || !("exit" in errorTable[error.code])) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const { say, check } = errorTable[error.code];
  if (error.code === "start_failed" || error.code === "data_folder_in_use") return error.detail ?? say;
  return `${say}${error.detail ? ` ${error.detail}` : ""}\nWhat to check: ${check}`;
}
