import "server-only";
import { singleton } from "@/lib/kernel/singleton";
import { ledger } from "@/lib/ledger/ledger.server";
import type { DecisionFacts } from "@/lib/ledger/types";

/** Whether the last row could not be written. */
const state = singleton<{ isDown: boolean }>("gateway-journal", () => ({ isDown: false }));

/** Tells that a row could not be written, wherever that was noticed. */
export function noteLogDown(): void {
  state.isDown = true;
}

/**
 * Notes a list or content request that is about to be relayed. The row travels with the next batch and is not waited for; while the
 * log is known to be unwritable the caller waits for its own row, and false means: do not relay. `reason` says what was relayed where that is not the method itself.
 */
export async function noteRelayed(facts: DecisionFacts, reason = "relayed"): Promise<boolean> {
  const written = ledger()
    .record({ ...facts, decision: "allow", rule: "", reason })
    .then((result) => {
      state.isDown = result.kind !== "recorded";
      return !state.isDown;
    });
  return state.isDown ? written : true;
}
