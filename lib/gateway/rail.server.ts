import "server-only";
import type { Claim } from "@/lib/grants/grants.server";
import type { Ticket } from "@/lib/ledger/types";
import type { Answer } from "./answer";
import type { Call, PolicyState } from "./exchange.server";

/** Leave to send one call. */
export interface Leave {
  ticket: Ticket;
  /** The version that allowed it. */
  policy: PolicyState | null;
  /** The claim on the call's idempotency key; null without one. */
  claim: Claim | null;
  /** Some limit counts this call, so that its real end is worth waiting for. */
  isCounted: boolean;
}

/**
 * What carries a decided call to whoever executes it. `relay` sends the call at most once and sees to it that the ticket is
 * settled once, whatever happens, also when the client leaves. It never throws.
 */
export interface Rail {
  relay(call: Call, leave: Leave): Promise<Answer>;
}
