import { afterAll, beforeAll, expect, test } from "vitest";
import { chargeOf, textOf } from "./agent";
import { openJourney, type Journey } from "./journey";
import { startStackProcess, type StackProcess } from "./stack-process";

let journey: Journey;
const running: StackProcess[] = [];
beforeAll(async () => {
  journey = await openJourney();
});
afterAll(async () => {
  for (const gateway of running) await gateway.kill();
  await journey.close();
});

async function start(): Promise<StackProcess> {
  const gateway = await startStackProcess(journey.databaseUrl, journey.dataDir);
  running.push(gateway);
  return gateway;
}

test("counters hold over kill -9 of the gateway, and a call in flight at that moment keeps counting", async () => {
  const agent = await journey.agent();
  const first = await start();
  await agent.reconnect(first.publicUrl);
  await journey.roomInWindow("day", 15);
  for (let n = 0; n < 19; n++) expect((await agent.client.callTool(chargeOf(50_000))).isError).toBeFalsy();
  await agent.client.callTool(chargeOf(49_000));
  journey.payments.control({ mode: "hang", times: 1 });
  const cut = agent.client.callTool(chargeOf(900)).catch((error: unknown) => error);
  await expect.poll(() => journey.payments.ledger.entries().at(-1)?.outcome).toBe("unanswered");
  await first.kill();
  expect(await cut).toBeInstanceOf(Error);

  const second = await start();
  await agent.reconnect(second.publicUrl);
  expect(await agent.used("daily_spend")).toBe("999900");
  expect(textOf(await agent.client.callTool(chargeOf(101)))).toBe(
    "[POLICYLAYER POLICY DENIED] Daily spending cap of $10,000.00 reached",
  );
  expect((await agent.client.callTool(chargeOf(100))).isError).toBeFalsy();
  expect(textOf(await agent.client.callTool(chargeOf(1)))).toContain("Daily spending cap");
  expect(journey.payments.ledger.executed("create_charge")).toHaveLength(21);
}, 120_000);
