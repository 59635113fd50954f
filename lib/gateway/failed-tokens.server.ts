import "server-only";
import { singleton } from "@/lib/kernel/singleton";

/** Guesses per address and minute that get a 401; further ones get a 429. */
const guessesPerMinute = 5;
const minuteMs = 60_000;
const addressesMax = 10_000;

interface Guesses {
  windowEndsMs: number;
  count: number;
}

const guesses = singleton<Map<string, Guesses>>("gateway-failed-tokens", () => new Map());
const tokenForm = /^pl[go]_[0-9A-Za-z]{49}$/;

/**
 * Counts a token that no grant has. Only what has the form of a token is a guess; typing errors and empty headers are not. Gives the
 * milliseconds to wait once the address has guessed too often, else null. Valid tokens of the same address are not affected.
 */
export function countFailure(token: string, address: string | null): number | null {
  if (address === null || !tokenForm.test(token)) return null;
  const nowMs = performance.now();
  const found = guesses.get(address);
  if (!found || found.windowEndsMs <= nowMs) {
    if (guesses.size >= addressesMax) guesses.clear();
    guesses.set(address, { windowEndsMs: nowMs + minuteMs, count: 1 });
    return null;
  }
  found.count += 1;
  return found.count > guessesPerMinute ? found.windowEndsMs - nowMs : null;
}
