import "server-only";
import type { Ticket } from "@/lib/ledger/types";
import type { Answer } from "./answer";
import type { Call, PolicyState } from "./exchange.server";

/**
 * What carries a decided call to whoever executes it. `relay` sends the call at most once and sees to it that the ticket is
 * settled once, whatever happens, also when the client leaves. It never throws.
 */
export interface Rail {
  relay(call: Call, ticket: Ticket, policy: PolicyState | null): Promise<Answer>;
}
