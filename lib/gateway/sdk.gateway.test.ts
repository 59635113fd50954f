import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as OldTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startPaymentsServer, type PaymentsServer } from "@/lib/sandbox/sandbox.server";
import { demoKey } from "@/lib/sandbox/payments-server.server";
import { scanServer } from "@/lib/servers/servers.server";
import { createSystemCtx } from "@/lib/testing/factories";
import { startGatewayStack, type GatewayStack } from "@/lib/testing/gateway-stack";

const policy = `
version: "1"
hide: [delete_customer]
tools:
  create_charge:
    rules:
      - name: "max single charge"
        conditions: [{path: args.amount, op: lte, value: 50000}]
        on_deny: "Single charge cannot exceed $500.00"
`;
const charge = (amount: number) => ({
  name: "create_charge",
  arguments: { amount, currency: "usd", customer: "cus_ada" },
});

let payments: PaymentsServer;
let stack: GatewayStack;

beforeAll(async () => {
  payments = await startPaymentsServer({ host: "127.0.0.1", port: 0 });
  const headers = { [demoKey.name]: demoKey.value };
  stack = await startGatewayStack({ upstreamUrl: payments.url, policy, tools: [], headers });
  await scanServer(await createSystemCtx(stack.orgId), stack.serverId);
});
afterAll(async () => {
  await stack.close();
  await payments.close();
});
beforeEach(() => {
  payments.ledger.reset();
});

const target = () => ({ requestInit: { headers: { Authorization: `Bearer ${stack.token}` } } });

test.each(["legacy", "auto"] as const)("the modern SDK client (%s) works through the gateway", async (mode) => {
  const client = new Client({ name: "modern", version: "1" }, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(new URL(stack.url), target()));
  const names = (await client.listTools()).tools.map((tool) => tool.name);
  expect(names).toContain("create_charge");
  expect(names).not.toContain("delete_customer");
  const denied = await client.callTool(charge(60_000));
  expect(denied.isError).toBe(true);
  expect(denied.content[0]).toMatchObject({ text: "[POLICYLAYER POLICY DENIED] Single charge cannot exceed $500.00" });
  expect((await client.callTool(charge(1_200))).isError ?? false).toBe(false);
  await expect(client.callTool({ name: "delete_customer", arguments: {} })).rejects.toThrow(
    "Unknown tool: delete_customer",
  );
  expect(payments.ledger.executed("create_charge")).toHaveLength(1);
  await client.close();
});

test("the legacy SDK client works through the gateway", async () => {
  const client = new OldClient({ name: "old", version: "1" });
  const transport = new OldTransport(new URL(stack.url), target());
  await client.connect(transport);
  expect((await client.listTools()).tools.map((tool) => tool.name)).not.toContain("delete_customer");
  const denied = await client.callTool(charge(60_000));
  expect(denied.isError).toBe(true);
  expect((await client.callTool(charge(700))).isError ?? false).toBe(false);
  await expect(client.callTool({ name: "delete_customer", arguments: {} })).rejects.toThrow("Unknown tool");
  expect(payments.ledger.executed("create_charge")).toHaveLength(1);
  await client.close();
});
