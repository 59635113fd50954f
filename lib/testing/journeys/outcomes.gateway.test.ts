import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { chargeOf, denialOf, textOf, type Agent } from "./agent";
import { openJourney, type Journey } from "./journey";

let journey: Journey;
beforeAll(async () => {
  journey = await openJourney();
});
afterEach(() => journey.payments.control({ mode: "ok" }));
afterAll(() => journey.close());

/** One charge of `amount` with the server in `control`; `[counter after, entries executed]`. */
async function chargeWhile(agent: Agent, amount: number, control: Parameters<Journey["payments"]["control"]>[0]) {
  const before = journey.payments.ledger.executed().length;
  journey.payments.control(control);
  const result = await agent.client
    .callTool(chargeOf(amount))
    .catch((error: unknown) => error as Record<string, unknown>);
  await journey.settled();
  return {
    result,
    used: await agent.used("daily_spend"),
    executed: journey.payments.ledger.executed().length - before,
  };
}

describe("a failing upstream call leaves the counter where it was", () => {
  test("a declined payment (tool error) gives the amount back", async () => {
    const agent = await journey.agent();
    await chargeWhile(agent, 300, { mode: "ok" });
    const declined = await chargeWhile(agent, 500, { mode: "tool_error" });
    expect(declined).toMatchObject({ result: { isError: true }, used: "300", executed: 0 });
    expect(textOf(declined.result)).toBe("Your card was declined.");
  });

  test.each([400, 422, 429, 401])("HTTP %i gives the amount back", async (status) => {
    const agent = await journey.agent();
    await chargeWhile(agent, 300, { mode: "ok" });
    const failed = await chargeWhile(agent, 500, { mode: "fail", status });
    expect(failed).toMatchObject({ used: "300", executed: 0 });
    expect(textOf(failed.result)).toContain("[POLICYLAYER UPSTREAM ERROR]");
    expect(denialOf(failed.result)).toMatchObject({ outcome: "void" });
  });

  test("arguments that the server refuses give the amount back", async () => {
    const agent = await journey.agent();
    const result = await agent.client.callTool(chargeOf(0.5));
    await journey.settled();
    expect(result.isError).toBe(true);
    expect(await agent.used("daily_spend")).toBe("0");
    expect(journey.payments.ledger.entries().at(-1)).toMatchObject({
      rawArgs: '{"amount":0.5,"currency":"usd"}',
      outcome: "refused",
    });
  });

  test("the whole daily cap is usable after twenty declined charges", async () => {
    const agent = await journey.agent();
    await journey.roomInWindow("day", 15);
    await journey.roomInWindow("minute", 15);
    for (let n = 0; n < 20; n++) await chargeWhile(agent, 50_000, { mode: "tool_error" });
    for (let n = 0; n < 20; n++) {
      expect(await chargeWhile(agent, 50_000, { mode: "ok" })).toMatchObject({ executed: 1 });
    }
    expect(await agent.used("daily_spend")).toBe("1000000");
  });
});

describe("an unknown outcome keeps money counted", () => {
  test("HTTP 503", async () => {
    const agent = await journey.agent();
    const failed = await chargeWhile(agent, 500, { mode: "fail", status: 503 });
    expect(failed).toMatchObject({ used: "500", executed: 0 });
    expect(denialOf(failed.result)).toMatchObject({ outcome: "in_doubt", mayHaveRun: true });
  });

  test("connection cut before the server ran it", async () => {
    const agent = await journey.agent();
    const cut = await chargeWhile(agent, 500, { mode: "reset" });
    expect(cut).toMatchObject({ used: "500", executed: 0 });
    expect(denialOf(cut.result)).toMatchObject({ outcome: "in_doubt", mayHaveRun: true });
  });

  test("connection cut after the server ran it: counted, and executed once, not retried", async () => {
    const agent = await journey.agent();
    const cut = await chargeWhile(agent, 500, { mode: "reset-after-commit" });
    expect(cut).toMatchObject({ used: "500", executed: 1 });
    expect(denialOf(cut.result)).toMatchObject({ outcome: "in_doubt", mayHaveRun: true });
  });

  test("the client hangs up while the server is still working: the charge counts", async () => {
    const agent = await journey.agent();
    const stop = new AbortController();
    journey.payments.control({ mode: "late", delayMs: 150 });
    const call = agent.client.callTool(chargeOf(700), { signal: stop.signal }).catch((error: unknown) => error);
    await expect.poll(() => journey.payments.ledger.executed().at(-1)?.rawArgs).toContain("700");
    stop.abort();
    await call;
    await journey.settled();
    expect(await agent.used("daily_spend")).toBe("700");
  });
});

test("an upstream that is away: nothing was sent, nothing counts", async () => {
  const agent = await journey.agent();
  await journey.payments.close();
  const result = await agent.client.callTool(chargeOf(500));
  await journey.settled();
  expect(textOf(result)).toContain("[POLICYLAYER UPSTREAM ERROR]");
  expect(denialOf(result)).toMatchObject({ outcome: "void", reason: "upstream_unreachable" });
  expect(await agent.used("daily_spend")).toBe("0");
});
