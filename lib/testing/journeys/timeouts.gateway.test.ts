import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { chargeOf, denialOf, textOf } from "./agent";
import { openJourney, type Journey } from "./journey";

let journey: Journey;
beforeAll(async () => {
  journey = await openJourney({ deadlines: { firstByteMs: 250, idleMs: 250, totalMs: 1_000 } });
});
afterEach(() => journey.payments.control({ mode: "ok" }));
afterAll(() => journey.close());

test("a server that never answers a charge: the agent is told not to repeat blindly, and the money keeps counting", async () => {
  const agent = await journey.agent();
  journey.payments.control({ mode: "hang" });
  const result = await agent.client.callTool(chargeOf(800));
  await journey.settled();
  expect(textOf(result)).toContain("[POLICYLAYER UPSTREAM ERROR] ");
  expect(denialOf(result)).toMatchObject({ reason: "upstream_timeout", outcome: "in_doubt", mayHaveRun: true });
  expect(await agent.used("daily_spend")).toBe("800");
  expect(journey.payments.ledger.entries()).toMatchObject([{ outcome: "unanswered" }]);
});

test("a charge that the server made but answered too late keeps counting and is not made twice", async () => {
  const agent = await journey.agent();
  const before = journey.payments.ledger.executed().length;
  journey.payments.control({ mode: "late", delayMs: 2_000 });
  const result = await agent.client.callTool(chargeOf(900));
  await journey.settled();
  expect(denialOf(result)).toMatchObject({ outcome: "in_doubt", mayHaveRun: true });
  expect(await agent.used("daily_spend")).toBe("900");
  expect(journey.payments.ledger.executed()).toHaveLength(before + 1);
});

test("a lost refund gives its place in the daily count back, because that limit counts calls and no money", async () => {
  const agent = await journey.agent();
  journey.payments.control({ mode: "hang" });
  const result = await agent.client.callTool({ name: "create_refund", arguments: { amount: 100 } });
  await journey.settled();
  expect(denialOf(result)).toMatchObject({ outcome: "void", mayHaveRun: true });
  expect(await agent.used("_rate_day")).toBe("0");
});
