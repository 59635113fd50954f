import "server-only";
import { singleton } from "@/lib/kernel/singleton";
import { Breaker, type BreakerNews, type BreakerState } from "./breaker";

interface Kept {
  /** Version of the server's row: an admin who changed it begins with a closed breaker. */
  version: number;
  breaker: Breaker;
}

const breakers = singleton<Map<string, Kept>>("gateway-breakers", () => new Map());
const breakersMax = 2_000;

/** Hears once what became of a request, and the rest of it no more. "answered" may come before the last word. */
export type Hearing = (news: BreakerNews) => void;

/** Leave to send one request to the server, or how long to stay away, in milliseconds. */
export function passBreaker(server: {
  readonly id: string;
  readonly version: number;
}): { ok: true; hear: Hearing } | { ok: false; retryAfterMs: number } {
  const breaker = breakerOf(server.id, server.version);
  const admitted = breaker.admit(performance.now());
  if (!admitted.ok) return admitted;
  let isOver = false;
  return {
    ok: true,
    hear: (news) => {
      if (isOver) return;
      isOver = news !== "answered";
      breaker.hear(admitted.pass, news, performance.now());
    },
  };
}

/** What this process thinks of a server; closed for one that it never spoke to. */
export function breakerState(serverId: string): BreakerState {
  return breakers.get(serverId)?.breaker.state(performance.now()) ?? { name: "closed", retryAfterMs: 0 };
}

function breakerOf(id: string, version: number): Breaker {
  const found = breakers.get(id);
  if (found?.version === version) return found.breaker;
  const breaker = new Breaker();
  breakers.delete(id);
  breakers.set(id, { version, breaker });
  const oldest = breakers.keys().next();
  if (breakers.size > breakersMax && !oldest.done) breakers.delete(oldest.value);
  return breaker;
}
