import "server-only";
import type { AppError } from "@/lib/kernel/errors";
import { singleton } from "@/lib/kernel/singleton";

const everyMs = 1_000;
const last = singleton<{ atMs: number }>("gateway-faults", () => ({ atMs: -Infinity }));

/** Tells the operator of a fault of ours, at most once a second: a request could otherwise fill the log. */
export function reportFault(where: string, fault: AppError): void {
  const nowMs = performance.now();
  if (nowMs - last.atMs < everyMs) return;
  last.atMs = nowMs;
  const cause = fault.cause instanceof Error ? (fault.cause.stack ?? fault.cause.message) : fault.message;
  process.emitWarning(`The gateway failed in "${where}": ${cause}`);
}
