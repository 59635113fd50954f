import { Agent, request } from "node:http";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startGatewayStack, type GatewayStack, type StackGrant } from "@/lib/testing/gateway-stack";
import { callOf, mcpPost, textOf } from "@/lib/testing/mcp-post";
import { scriptedTools, startScriptedUpstream, type ScriptedUpstream } from "@/lib/testing/scripted-upstream";

const capped = (units: number) => `
version: "1"
tools:
  create_charge:
    rules:
      - name: "cap"
        conditions: [{path: state.create_charge.units, op: lte, value: ${String(units)}}]
        on_deny: "Cap of ${String(units)} reached"
        state: {counter: units, window: month, increment_from: args.amount}
`;

let upstream: ScriptedUpstream;
let stack: GatewayStack;

beforeAll(async () => {
  upstream = await startScriptedUpstream();
  const inFlight = { perGrant: 64, waitMs: 10_000 };
  stack = await startGatewayStack({ upstreamUrl: upstream.url, policy: capped(1000), tools: scriptedTools, inFlight });
});
afterAll(async () => {
  await stack.close();
  await upstream.close();
});
beforeEach(() => {
  upstream.reset();
});

const add = (policy: string) => stack.add({ upstreamUrl: upstream.url, policy, tools: scriptedTools });
const charge = (grant: StackGrant, amount = 1) => mcpPost(grant, callOf("create_charge", { amount }));

test("Q1 400 parallel calls against a cap of 100 let exactly 100 through, counted at the upstream", async () => {
  const grant = await add(capped(100));
  const answers = await Promise.all(Array.from({ length: 400 }, () => charge(grant)));
  expect(upstream.executed).toHaveLength(100);
  const denied = answers.filter((answer) => answer.json.result?.isError);
  expect(denied).toHaveLength(300);
  for (const answer of denied) {
    expect(answer.decision).toMatchObject({
      decision: "rate_limited",
      reason: "limit",
      rule: "/tools/create_charge/rules/cap",
    });
    expect(answer.decision?.["retryAfterMs"]).toBeGreaterThan(0);
    expect(textOf(answer)).toBe("[POLICYLAYER POLICY DENIED] Cap of 100 reached");
  }
  expect(await stack.used(grant, "create_charge.units")).toBe("100");
});

test("Q1 a failing call gives its place in the cap to the next one", async () => {
  const grant = await add(capped(1));
  upstream.mode = "is-error";
  await charge(grant);
  upstream.mode = "ok";
  await expect.poll(async () => textOf(await charge(grant))).toBe("done");
  expect((await charge(grant)).decision).toMatchObject({ reason: "limit" });
});

test("a published policy judges the next call on the same connection; an invalid one never goes live", async () => {
  const grant = await add(capped(1000));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const sockets = new Set<unknown>();
  const call = (amount: number) =>
    new Promise<string>((resolve, reject) => {
      const headers = { Authorization: `Bearer ${grant.token}`, "Content-Type": "application/json" };
      const outgoing = request(grant.url, { method: "POST", agent, headers }, (answer) => {
        sockets.add(answer.socket.localPort);
        let text = "";
        answer.on("data", (part) => (text += String(part)));
        answer.on("end", () => resolve(text));
      });
      outgoing.on("error", reject);
      outgoing.end(JSON.stringify(callOf("create_charge", { amount })));
    });
  expect(await call(500)).toContain("done");
  await stack.publish(grant, capped(10));
  expect(await call(500)).toContain("Cap of 10 reached");
  await expect(stack.publish(grant, "version: 1\ntools: [")).rejects.toMatchObject({ code: "policy_invalid" });
  expect(await call(500)).toContain("Cap of 10 reached");
  await stack.publish(grant, capped(100_000));
  expect(await call(500)).toContain("done");
  expect(sockets.size).toBe(1);
  agent.destroy();
});

test("Q14 a call that is decided while policies are published is judged by the version that is then live", async () => {
  const grant = await add(capped(1_000_000));
  let publishing = true;
  const publisher = (async () => {
    for (let cap = 1; cap <= 5; cap++) await stack.publish(grant, capped(1_000_000 + cap));
    await stack.publish(grant, capped(0));
    publishing = false;
  })();
  const answers: string[] = [];
  while (publishing) answers.push(textOf(await charge(grant)));
  await publisher;
  const before = upstream.executed.length;
  expect(textOf(await charge(grant))).toContain("Cap of 0 reached");
  expect(upstream.executed.length).toBe(before);
  expect(answers.filter((text) => text === "done").length).toBe(before);
});

test("calls over the cap of a grant wait their turn and are then refused; other grants go on", async () => {
  const [busy, other] = [await add(capped(1000)), await add(capped(1000))];
  upstream.mode = "hang";
  const hanging = Array.from({ length: 64 }, () => charge(busy));
  await expect.poll(() => upstream.executed.length).toBe(64);
  upstream.mode = "ok";
  expect(textOf(await charge(other))).toBe("done");
  const waiting = charge(busy);
  upstream.release();
  expect(textOf(await waiting)).toBe("done");
  await Promise.all(hanging);
});

async function asAdmin(work: (client: Client, name: string) => Promise<void>): Promise<void> {
  const url = new URL(stack.databaseUrl);
  const name = url.pathname.slice(1);
  url.pathname = "/postgres";
  const client = new Client({ connectionString: url.href });
  await client.connect();
  await work(client, name).finally(async () => {
    await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    await client.end();
  });
}

async function expectAway(grant: StackGrant): Promise<void> {
  const timed = async <T>(work: Promise<T>) => {
    const started = performance.now();
    const result = await work;
    expect(performance.now() - started).toBeLessThan(2_100);
    return result;
  };
  const call = await timed(charge(grant));
  const list = await timed(mcpPost(grant, { jsonrpc: "2.0", id: 2, method: "tools/list" }));
  expect(call.status).toBe(200);
  expect(textOf(call)).toMatch(/^\[POLICYLAYER POLICY DENIED\] /);
  expect(call.decision).toMatchObject({ decision: "deny", reason: "ledger_unavailable" });
  expect(call.decision?.["retryAfterMs"]).toBeGreaterThan(0);
  expect([list.status, list.json.error?.code]).toEqual([503, -31002]);
  expect(upstream.executed).toEqual([]);
}

test("Q4 with the database away calls are denied within two seconds and nothing is forwarded; it recovers by itself", async () => {
  const grant = await add(capped(1000));
  await charge(grant);
  upstream.reset();
  await asAdmin(async (client, name) => {
    await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", [name]);
    await expectAway(grant);
    await expectAway(grant);
  });
  await expect.poll(async () => textOf(await charge(grant)), { timeout: 15_000 }).toBe("done");
});

test("L1 with the log locked calls are denied within two seconds and nothing is forwarded", async () => {
  const grant = await add(capped(1000));
  await charge(grant);
  upstream.reset();
  const locker = new Client({ connectionString: stack.databaseUrl });
  await locker.connect();
  await locker.query("BEGIN; LOCK TABLE decision_log IN ACCESS EXCLUSIVE MODE");
  const started = performance.now();
  const call = await charge(grant);
  expect(performance.now() - started).toBeLessThan(2_100);
  expect(call.decision).toMatchObject({ reason: "ledger_unavailable" });
  expect(upstream.executed).toEqual([]);
  await locker.query("ROLLBACK");
  await locker.end();
  await expect.poll(async () => textOf(await charge(grant)), { timeout: 15_000 }).toBe("done");
});
