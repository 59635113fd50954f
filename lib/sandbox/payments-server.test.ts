import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as OldTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { demoKey, startPaymentsServer, type PaymentsServer } from "./payments-server.server";

let payments: PaymentsServer;
const closing: (() => Promise<void>)[] = [];
const requestInit = { headers: { [demoKey.name]: demoKey.value } };

beforeEach(async () => {
  payments = await startPaymentsServer({ host: "127.0.0.1", port: 0 });
});

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await payments.close();
});

async function connect(mode: "legacy" | "auto" = "auto"): Promise<Client> {
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(new URL(payments.url), { requestInit }));
  closing.push(() => client.close());
  return client;
}

const charge = (amount: number) => ({ name: "create_charge", arguments: { amount, currency: "usd" } });
const origin = () => payments.url.replace("/mcp", "");

function post(body: string): Promise<Response> {
  const headers = {
    ...requestInit.headers,
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
  };
  return fetch(payments.url, { method: "POST", headers, body });
}

describe("the official client", () => {
  test.each(["legacy", "auto"] as const)("lists twelve tools with schemas and annotations (%s)", async (mode) => {
    const { tools } = await (await connect(mode)).listTools();
    expect(tools.map((tool) => tool.name).sort()).toEqual([
      "cancel_subscription",
      "create_charge",
      "create_customer",
      "create_payout",
      "create_refund",
      "delete_customer",
      "delete_invoice",
      "delete_product",
      "delete_subscription",
      "get_invoice",
      "list_charges",
      "list_customers",
    ]);
    const [create] = tools.filter((tool) => tool.name === "create_charge");
    expect(create?.inputSchema.required).toEqual(["amount", "currency"]);
    expect(create?.annotations).toMatchObject({ readOnlyHint: false, openWorldHint: true });
  });

  test.each(["legacy", "auto"] as const)("charges, and the ledger holds what was executed (%s)", async (mode) => {
    const client = await connect(mode);
    const result = await client.callTool(charge(1250));
    expect(result.structuredContent).toMatchObject({ id: "ch_000001", amount: 1250, status: "succeeded" });
    expect(payments.ledger.entries()).toMatchObject([
      { n: 1, tool: "create_charge", args: { amount: 1250, currency: "usd" }, outcome: "executed" },
    ]);
  });

  test("of the 1.x line works as well", async () => {
    const client = new OldClient({ name: "old", version: "1" });
    await client.connect(new OldTransport(new URL(payments.url), { requestInit }));
    closing.push(() => client.close());
    const result = await client.callTool({ name: "get_invoice", arguments: { id: "in_1001" } });
    expect(result.structuredContent).toMatchObject({ customer: "cus_ada", amountDue: 12_500 });
  });

  test("gets tool errors for declined payments and bad arguments, and nothing is executed", async () => {
    const client = await connect();
    const unknown = { name: "create_charge", arguments: { amount: 5, currency: "usd", customer: "cus_nobody" } };
    expect(await client.callTool(unknown)).toMatchObject({ isError: true });
    expect(await client.callTool(charge(-5))).toMatchObject({ isError: true });
    expect(payments.ledger.entries().map((entry) => entry.outcome)).toEqual(["declined", "refused"]);
    expect(payments.ledger.executed()).toEqual([]);
  });

  test("refunds no more than is left of a charge", async () => {
    const client = await connect();
    await client.callTool(charge(1000));
    const refund = (amount: number) => ({ name: "create_refund", arguments: { charge: "ch_000001", amount } });
    expect((await client.callTool(refund(700))).isError).toBeFalsy();
    expect((await client.callTool(refund(301))).isError).toBe(true);
    expect((await client.callTool(refund(300))).isError).toBeFalsy();
  });

  test("sees what it deleted and cancelled", async () => {
    const client = await connect();
    await client.callTool({ name: "delete_customer", arguments: { id: "cus_elm" } });
    const cancelled = await client.callTool({ name: "cancel_subscription", arguments: { id: "sub_ada_pro" } });
    const { structuredContent } = await client.callTool({ name: "list_customers", arguments: {} });
    expect(cancelled.structuredContent).toMatchObject({ status: "cancelled" });
    expect(JSON.stringify(structuredContent)).not.toContain("cus_elm");
    const again = await client.callTool({ name: "delete_customer", arguments: { id: "cus_elm" } });
    expect(again).toMatchObject({ isError: true });
  });
});

describe("the ledger", () => {
  test("keeps the arguments' text to the letter, also over HTTP", async () => {
    const raw = '{ "amount": 1.250e3,\t"currency":"usd", "description":"\\u00e9 9007199254740993" }';
    await post(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_charge","arguments":${raw}}}`);
    const long = '{"amount":123456789012345678901234567890,"currency":"usd"}';
    await post(`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"create_charge","arguments":${long}}}`);
    expect(payments.ledger.entries().map((entry) => [entry.rawArgs, entry.outcome])).toEqual([
      [raw, "executed"],
      [long, "refused"],
    ]);
    const text = await (await fetch(`${origin()}/ledger`)).text();
    expect(text).toContain(`"args":${raw}`);
    expect(text).toContain(`"args":${long}`);
    expect(JSON.parse(text)).toMatchObject({ entries: [{ n: 1, tool: "create_charge", rawArgs: raw }, { n: 2 }] });
  });

  test("is emptied and the books are put back by POST /ledger/reset", async () => {
    const client = await connect();
    await client.callTool(charge(100));
    expect((await fetch(`${origin()}/ledger/reset`, { method: "POST" })).status).toBe(200);
    expect(payments.ledger.entries()).toEqual([]);
    expect((await client.callTool(charge(100))).structuredContent).toMatchObject({ id: "ch_000001" });
  });
});

describe("the switches", () => {
  const switchTo = (body: unknown) => fetch(`${origin()}/control`, { method: "POST", body: JSON.stringify(body) });

  test("fail answers the HTTP status and executes nothing, as many times as asked", async () => {
    const client = await connect();
    expect((await switchTo({ mode: "fail", tool: "create_charge", times: 1, status: 503 })).status).toBe(200);
    await client.callTool({ name: "list_customers", arguments: {} });
    await expect(client.callTool(charge(100))).rejects.toMatchObject({ status: 503 });
    await client.callTool(charge(100));
    expect(payments.ledger.entries().map((entry) => entry.outcome)).toEqual(["executed", "rejected", "executed"]);
  });

  test("tool_error declines", async () => {
    const client = await connect();
    payments.control({ mode: "tool_error" });
    expect(await client.callTool(charge(100))).toMatchObject({ isError: true });
    expect(payments.ledger.entries()[0]?.outcome).toBe("declined");
  });

  test("late executes at once and answers afterwards", async () => {
    const client = await connect();
    payments.control({ mode: "late", delayMs: 30 });
    const result = await client.callTool(charge(100));
    expect(result.structuredContent).toMatchObject({ status: "succeeded" });
  });

  test("hang never answers and close() ends it", async () => {
    const client = await connect();
    payments.control({ mode: "hang" });
    const call = client.callTool(charge(100)).catch((error: unknown) => error);
    await expect.poll(() => payments.ledger.entries()).toMatchObject([{ outcome: "unanswered" }]);
    await payments.close();
    expect(await call).toBeInstanceOf(Error);
  });

  test.each(["legacy", "auto"] as const)(
    "reset cuts before, reset-after-commit after the execution (%s)",
    async (mode) => {
      const client = await connect(mode);
      payments.control({ mode: "reset", times: 1 });
      await expect(client.callTool(charge(100))).rejects.toThrow();
      payments.control({ mode: "reset-after-commit", times: 1 });
      await expect(client.callTool(charge(200))).rejects.toThrow();
      expect(payments.ledger.entries().map((entry) => [entry.outcome, entry.rawArgs])).toEqual([
        ["reset", '{"amount":100,"currency":"usd"}'],
        ["executed", '{"amount":200,"currency":"usd"}'],
      ]);
    },
  );

  test("refuse an unknown mode with 400 and stay as they were", async () => {
    expect((await switchTo({ mode: "explode" })).status).toBe(400);
    expect((await fetch(`${origin()}/control`, { method: "POST", body: "{" })).status).toBe(400);
  });

  test("cannot be worked by a web page", async () => {
    const headers = { origin: "http://localhost:3000" };
    expect((await fetch(`${origin()}/control`, { method: "POST", headers, body: '{"mode":"ok"}' })).status).toBe(403);
    expect((await fetch(`${origin()}/ledger`, { headers })).status).toBe(403);
  });
});

test("without the demo key the server answers 401", async () => {
  const response = await fetch(payments.url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  expect(response.status).toBe(401);
  expect(payments.ledger.entries()).toEqual([]);
});

test("a busy port is reported, not swallowed", async () => {
  await expect(startPaymentsServer({ host: "127.0.0.1", port: payments.port })).rejects.toMatchObject({
    code: "EADDRINUSE",
  });
});
