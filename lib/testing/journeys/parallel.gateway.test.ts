import { afterAll, beforeAll, expect, test } from "vitest";
import { chargeOf, denialOf, type Agent } from "./agent";
import { openJourney, type Journey } from "./journey";

let journey: Journey;
beforeAll(async () => {
  journey = await openJourney();
});
afterAll(() => journey.close());

const policy = `
version: "1"
tools:
  create_charge:
    rules:
      - name: "hundred charges"
        conditions:
          - path: "state.create_charge.total"
            op: "lte"
            value: 100
        on_deny: "Hundred charges made"
        state:
          counter: "total"
          window: "day"
          increment: 1
`;

/** Calls until the answer is about the policy: more calls in flight than a grant may have are refused as \`concurrency\`. */
async function decided(agent: Agent): Promise<string> {
  for (;;) {
    const result = await agent.client.callTool(chargeOf(1));
    const reason = denialOf(result)?.reason;
    if (reason !== "concurrency") return result.isError === true ? String(reason) : "allowed";
  }
}

test("400 parallel calls against a cap of 100: exactly 100 pass and exactly 100 are executed", async () => {
  const agent = await journey.agent("auto", {}, (await journey.policy(policy)).id);
  await journey.roomInWindow("day", 15);
  const answers = await Promise.all(Array.from({ length: 400 }, () => decided(agent)));
  await journey.settled();
  expect(answers.filter((answer) => answer === "allowed")).toHaveLength(100);
  expect(answers.filter((answer) => answer === "limit")).toHaveLength(300);
  expect(journey.payments.ledger.executed("create_charge")).toHaveLength(100);
  expect(journey.payments.ledger.entries()).toHaveLength(100);
  expect(await agent.used("total")).toBe("100");
});
