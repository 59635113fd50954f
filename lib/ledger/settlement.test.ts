import { expect, test } from "vitest";
import type { DecisionId, OrgId } from "@/lib/kernel/ids";
import { abandoned, neverSent, toSettlement } from "./settlement";
import type { Outcome, Ticket } from "./types";

const ticket = (onUnknown: Ticket["onUnknown"], onToolError: Ticket["onToolError"]): Ticket => ({
  decisionId: "d" as string as DecisionId,
  orgId: "o" as string as OrgId,
  onUnknown,
  onToolError,
  reservedAt: "2026-01-01T00:00:00.000Z",
});
const outcome = (kind: Outcome["kind"], byClient = false, reason: string | null = null): Outcome => ({
  kind,
  byClient,
  reason,
  upstreamStatus: 200,
  upstreamMs: 1,
  totalMs: 2,
});

test.each([
  ["success", "hold", "void", false, "posted", null],
  ["success", "release", "post", true, "posted", null],
  ["failure", "hold", "post", false, "void", null],
  ["tool_error", "hold", "void", false, "void", "tool_error"],
  ["tool_error", "hold", "post", false, "posted", "tool_error"],
  ["unknown", "hold", "void", false, "in_doubt", null],
  ["unknown", "hold", "void", true, "in_doubt", null],
  ["unknown", "release", "void", false, "void", "released_unknown"],
  ["unknown", "release", "void", true, "posted", "cancelled"],
] as const)(
  "%s with on_unknown %s, on_tool_error %s, by client %s → %s",
  (kind, onUnknown, onToolError, byClient, state, reason) => {
    expect(toSettlement(ticket(onUnknown, onToolError), outcome(kind, byClient))).toMatchObject({
      state,
      reason,
      end: kind,
    });
  },
);

test("T29 what the client made unknown is never given back", () => {
  for (const onUnknown of ["hold", "release"] as const) {
    for (const onToolError of ["void", "post"] as const) {
      expect(toSettlement(ticket(onUnknown, onToolError), outcome("unknown", true)).state).not.toBe("void");
    }
  }
});

test("figures and texts come out storable, whatever went in", () => {
  const odd = {
    ...outcome("failure", false, `a\0${"x".repeat(9_000)}`),
    upstreamStatus: -1,
    upstreamMs: 1.6,
    totalMs: NaN,
  };
  const settlement = toSettlement(ticket("hold", "void"), odd);
  expect(settlement).toMatchObject({ upstreamStatus: 0, upstreamMs: 2, totalMs: 0 });
  expect(settlement.reason).toHaveLength(400);
  expect(settlement.reason).not.toContain("\0");
});

test("a call that was never sent gives back, an abandoned one keeps counting", () => {
  expect(neverSent("o", "d")).toMatchObject({ state: "void", end: "failure", reason: "never_sent" });
  expect(abandoned("o", "d", "lease_lost")).toMatchObject({ state: "in_doubt", end: "unknown", reason: "lease_lost" });
});
