import "server-only";
import type { RateLimiterMemory } from "rate-limiter-flexible";
import { AppError } from "@/lib/kernel/errors";

/** Takes one attempt of `who`; throws `too_many_requests` with the time to wait when none is left. `what` is for the log. */
export async function takeAttempt(limiter: RateLimiterMemory, who: string, what: string): Promise<void> {
  try {
    await limiter.consume(who);
  } catch (cause) {
    const waitMs = typeof cause === "object" && cause !== null && "msBeforeNext" in cause ? cause.msBeforeNext : null;
    const retryAfterMs = typeof waitMs === "number" ? waitMs : 60_000;
    throw new AppError("too_many_requests", { detail: what, retryAfterMs });
  }
}
