import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { pool, prisma } from "@/lib/db/db.server";
import { startGatewayStack, type GatewayStack, type StackGrant } from "@/lib/testing/gateway-stack";
import { callOf, mcpPost, textOf } from "@/lib/testing/mcp-post";
import { scriptedTools, startScriptedUpstream, type ScriptedUpstream } from "@/lib/testing/scripted-upstream";

const policy = `
version: "1"
tools:
  create_charge:
    rules:
      - name: "max"
        conditions: [{path: args.amount, op: lte, value: 50000}]
      - name: "count"
        rate_limit: 1000/day
  create_refund: {rules: []}
`;

let upstream: ScriptedUpstream;
let stack: GatewayStack;
let grant: StackGrant;

beforeAll(async () => {
  upstream = await startScriptedUpstream();
  stack = await startGatewayStack({
    upstreamUrl: upstream.url,
    policy,
    tools: scriptedTools,
    deadlines: { totalMs: 2_000 },
  });
});
afterAll(async () => {
  await stack.close();
  await upstream.close();
});
beforeEach(async () => {
  upstream.reset();
  grant = await stack.add({ upstreamUrl: upstream.url, policy, tools: scriptedTools });
});

const charge = (key: string, amount: unknown = 5, id: number | string = 1, to: StackGrant = grant) =>
  mcpPost(to, callOf("create_charge", { amount }, id), { "Idempotency-Key": key });

describe("Q8 a call that its client named runs once", () => {
  test("of 50 at once one runs; the others are told that it runs, and later get its answer under their own id", async () => {
    upstream.mode = "hang";
    const running = Array.from({ length: 50 }, (_, id) => charge("k", 5, id));
    await expect.poll(() => upstream.executed.length).toBe(1);
    await expect
      .poll(async () => (await stack.log(grant)).filter((row) => row.reason === "in_progress").length)
      .toBe(49);
    upstream.release();
    const answers = await Promise.all(running);
    expect(answers.filter((answer) => textOf(answer) === "done")).toHaveLength(1);
    expect(answers.filter((answer) => answer.decision?.["reason"] === "in_progress")).toHaveLength(49);
    const again = await charge("k", 5, "later");
    expect([again.json.id, textOf(again), again.decision]).toEqual(["later", "done", null]);
    expect(upstream.executed).toHaveLength(1);
    expect(await stack.used(grant, "create_charge._rate_day")).toBe("1");
    expect((await stack.log(grant)).at(-1)).toMatchObject({
      decision: "allow",
      rule: "(idempotency)",
      reason: "stored_answer",
    });
  });

  test("the same key for other arguments or another tool is a conflict; key order and white space are not", async () => {
    await charge("k", 5);
    expect((await charge("k", 6)).decision?.["reason"]).toBe("idempotency_conflict");
    const other = await mcpPost(grant, callOf("create_refund", { amount: 5 }), { "Idempotency-Key": "k" });
    expect(other.decision?.["reason"]).toBe("idempotency_conflict");
    const text = `{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{ "arguments":{ "amount":5.0 },"name":"create_charge"}}`;
    expect(textOf(await mcpPost(grant, text, { "Idempotency-Key": "k" }))).toBe("done");
    expect(upstream.executed).toHaveLength(1);
  });

  test("another grant's key is another key", async () => {
    const twin = await stack.twin(grant, "twin");
    await charge("k");
    await charge("k", 5, 1, twin);
    expect(upstream.executed).toHaveLength(2);
  });

  test("a call whose outcome is unknown is not made again under its key", async () => {
    upstream.mode = "reset-after";
    const first = await charge("k");
    expect(first.decision?.["mayHaveRun"]).toBe(true);
    upstream.mode = "ok";
    await expect.poll(async () => (await charge("k")).decision?.["reason"]).toBe("outcome_unknown");
    expect(upstream.executed).toHaveLength(1);
  });

  test("a call that did not run may be made again, and so may one that was refused", async () => {
    upstream.mode = "status";
    upstream.status = 429;
    await charge("k");
    upstream.mode = "ok";
    await expect.poll(async () => textOf(await charge("k"))).toBe("done");
    const denied = await charge("other", 60000);
    expect(denied.decision?.["reason"]).toBe("rule");
    expect(textOf(await charge("other", 5))).toBe("done");
    expect(upstream.executed).toHaveLength(2);
    expect(await prisma().idempotentCall.count({ where: { grantId: grant.grantId } })).toBe(2);
  });

  test("the answer of a stream and of a tool error is kept as well; one over 256 KiB only as made", async () => {
    upstream.mode = "sse";
    const streamed = charge("s");
    await expect.poll(() => upstream.executed.length).toBe(1);
    upstream.release();
    expect((await streamed).text).toContain("done");
    upstream.mode = "is-error";
    expect((await charge("e")).json.result?.isError).toBe(true);
    upstream.mode = "large";
    expect((await charge("l")).text.length).toBeGreaterThan(262_144);
    upstream.mode = "ok";
    await expect.poll(async () => textOf(await charge("s"))).toBe("done");
    await expect.poll(async () => (await charge("e")).json.result?.isError).toBe(true);
    await expect.poll(async () => (await charge("l")).decision?.["reason"]).toBe("duplicate");
    expect(upstream.executed).toHaveLength(3);
  });

  test("after a crash between claim and reservation the key is free in a minute, after one behind it never while in doubt", async () => {
    await charge("k");
    const crash = (state: string, reservation: string | null) =>
      pool()
        .query(
          `UPDATE idempotent_call SET state = 'running', sealed_answer = NULL, created_at = now() - interval '2 minutes',
           decision_id = CASE WHEN $2::text IS NULL THEN gen_random_uuid() ELSE decision_id END WHERE grant_id = $1`,
          [grant.grantId, reservation],
        )
        .then(() =>
          pool().query(
            `UPDATE reservation SET state = $2::reservation_state WHERE id = (SELECT decision_id FROM idempotent_call WHERE grant_id = $1)`,
            [grant.grantId, state],
          ),
        );
    await stack.log(grant);
    await crash("posted", "kept");
    expect((await charge("k")).decision?.["reason"]).toBe("duplicate");
    await crash("in_doubt", "kept");
    expect((await charge("k")).decision?.["reason"]).toBe("outcome_unknown");
    expect(upstream.executed).toHaveLength(1);
    await crash("posted", null);
    expect(textOf(await charge("k"))).toBe("done");
    expect(upstream.executed).toHaveLength(2);
  });

  test("the stored answer is sealed, and a key that is none is refused", async () => {
    await charge("k");
    const row = await prisma().idempotentCall.findFirstOrThrow({ where: { grantId: grant.grantId } });
    expect(row.sealedAnswer).toMatch(/^v1\./);
    expect(row.keyHash).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const meta = (key: unknown) => ({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "create_charge", arguments: { amount: 5 }, _meta: { "policylayer/idempotencyKey": key } },
    });
    for (const [body, headers] of [
      [meta("a"), { "Idempotency-Key": "b" }],
      [meta(7), {}],
      [meta(""), {}],
      [meta("x".repeat(256)), {}],
      [meta("a\u0007"), {}],
    ] as const) {
      const answer = await mcpPost(grant, body, headers);
      expect([answer.status, answer.json.error?.code, answer.decision?.["reason"]]).toEqual([
        400,
        -32600,
        "idempotency_key",
      ]);
    }
    expect(textOf(await mcpPost(grant, meta("k"), { "Idempotency-Key": "k" }))).toBe("done");
    expect(upstream.executed).toHaveLength(1);
  });
});
