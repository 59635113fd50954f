import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startGatewayStack, type GatewayStack } from "@/lib/testing/gateway-stack";
import { mcpPost, modern } from "@/lib/testing/mcp-post";
import { openStream } from "@/lib/testing/open-stream";

const open = `
version: "1"
tools:
  "*": {rules: []}
`;
const hiding = `
version: "1"
hide: [drop]
tools:
  "*": {rules: []}
`;
const sameList = `
version: "1"
tools:
  "*":
    rules:
      - name: "some"
        rate_limit: 5/day
`;

const changed = '"method":"notifications/tools/list_changed"';
const sse = { "Content-Type": "text/event-stream" };
const subscription = "io.modelcontextprotocol/subscriptionId";

/** What the upstream does with a GET and with `subscriptions/listen`. */
let getStatus = 200;
let honoured: object = {};
let streams: ServerResponse[] = [];
let answered: unknown[] = [];
let server: Server;
let stack: GatewayStack;

beforeAll(async () => {
  server = createServer((incoming, outgoing) => {
    let text = "";
    incoming.on("data", (part: Buffer) => (text += part.toString()));
    incoming.on("end", () => {
      if (incoming.method === "GET") return void take(outgoing);
      const message = JSON.parse(text) as { id?: number; method?: string };
      if (message.method === undefined) answered.push(message);
      if (message.id === undefined || message.method === undefined) return void outgoing.writeHead(202).end();
      if (message.method === "subscriptions/listen") return void listen(outgoing, message.id);
      const result = { capabilities: { tools: {}, logging: {} }, protocolVersion: "2025-11-25" };
      outgoing.writeHead(200, { "Content-Type": "application/json" });
      outgoing.end(JSON.stringify({ jsonrpc: "2.0", id: message.id, result }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const upstreamUrl = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/mcp`;
  stack = await startGatewayStack({ upstreamUrl, policy: open, tools: ["make", "drop"] });
});
afterAll(async () => {
  await stack.close();
  server.closeAllConnections();
  server.close();
});
beforeEach(async () => {
  getStatus = 200;
  honoured = {};
  streams = [];
  answered = [];
  await stack.publish(stack, open);
});

function take(outgoing: ServerResponse): void {
  if (getStatus !== 200) return void outgoing.writeHead(getStatus, { Allow: "POST" }).end();
  streams.push(outgoing);
  outgoing.writeHead(200, sse).write(": open\n\n");
}

function listen(outgoing: ServerResponse, id: number): void {
  const _meta = { [subscription]: id };
  const params = { notifications: honoured, _meta };
  outgoing.writeHead(200, sse);
  outgoing.write(dataOf({ jsonrpc: "2.0", method: "notifications/subscriptions/acknowledged", params }));
  streams.push(outgoing);
  if (Object.keys(honoured).length === 0) {
    outgoing.end(dataOf({ jsonrpc: "2.0", id, result: { resultType: "complete", _meta } }));
  }
}

const dataOf = (message: object) => `event: message\ndata: ${JSON.stringify(message)}\n\n`;
const subscribe = (notifications: object, id = 5) => {
  const { body, headers } = modern("subscriptions/listen", { notifications }, id);
  return openStream(stack, "POST", body, headers);
};

describe("a changed policy is told to whoever listens, by the gateway itself", () => {
  test.each([200, 405])("on a legacy stream whose upstream answers GET with %s", async (status) => {
    getStatus = status;
    const stream = await openStream(stack, "GET", null);
    expect(stream.response.status).toBe(200);
    await stack.publish(stack, hiding);
    const text = await stream.until(changed);
    expect(text).toContain(`data: {"jsonrpc":"2.0",${changed}}\n\n`);
    expect(text).not.toContain("id:");
    stream.leave();
  });

  test.each([{}, { resourcesListChanged: true }])("on a subscription that the upstream honours as %j", async (own) => {
    honoured = own;
    const stream = await subscribe({ toolsListChanged: true, resourcesListChanged: true });
    const first = await stream.until("acknowledged");
    expect(first).toContain('"toolsListChanged":true');
    await stack.publish(stack, hiding);
    const text = await stream.until(changed);
    expect(text).toContain(`{"jsonrpc":"2.0",${changed},"params":{"_meta":{"${subscription}":5}}}`);
    expect(text).not.toContain('"result"');
    stream.leave();
  });

  test("but not where nobody asked for it, nor when the client's list stays the same", async () => {
    honoured = { promptsListChanged: true };
    const other = await subscribe({ promptsListChanged: true });
    const stream = await openStream(stack, "GET", null);
    await stack.publish(stack, sameList);
    await stack.publish(stack, hiding);
    const text = await stream.until(changed);
    expect(text.split(changed)).toHaveLength(2);
    streams[0]?.write(dataOf({ jsonrpc: "2.0", method: "notifications/prompts/list_changed" }));
    expect(await other.until("prompts/list_changed")).not.toContain(changed);
    stream.leave();
    other.leave();
  });

  test("and announced where the upstream says nothing of it; its other capabilities stay", async () => {
    const body = { jsonrpc: "2.0", id: 1, method: "initialize", params: { protocolVersion: "2025-11-25" } };
    const legacy = await mcpPost(stack, body);
    expect(legacy.text).toContain('"capabilities":{"tools":{"listChanged":true},"logging":{}}');
    const { body: discover, headers } = modern("server/discover", {});
    expect((await mcpPost(stack, discover, headers)).text).toContain('"tools":{"listChanged":true}');
  });
});

describe("P9 what an upstream asks of the client during a stream", () => {
  const ask = (id: unknown, method: string, params: object) => dataOf({ jsonrpc: "2.0", id, method, params });
  const form = (name: string) => ({
    message: "?",
    requestedSchema: { type: "object", properties: { [name]: { type: "string" } } },
  });

  test("a form for a secret is declined for the client, which never sees it; an ordinary one passes", async () => {
    const stream = await openStream(stack, "GET", null);
    await expect.poll(() => streams.length).toBe(1);
    streams[0]?.write(ask(71, "elicitation/create", form("apiKey")));
    streams[0]?.write(ask("72", "elicitation/create", form("nickname")));
    const text = await stream.until("nickname");
    expect(text).not.toContain("apiKey");
    await expect.poll(() => answered).toEqual([{ jsonrpc: "2.0", id: 71, result: { action: "decline" } }]);
    const rows = await stack.log(stack);
    expect(rows.some((row) => row.rule === "(asks for secret)" && row.reason === "elicitation_blocked")).toBe(true);
    stream.leave();
  });

  test("a method that the policy denies is answered as one that the client does not have", async () => {
    await stack.publish(stack, `version: "1"\nmethods: {"sampling/*": deny}\ntools: {}\n`);
    const stream = await openStream(stack, "GET", null);
    await expect.poll(() => streams.length).toBe(1);
    streams[0]?.write(ask(73, "sampling/createMessage", { messages: [], maxTokens: 1 }));
    streams[0]?.write(ask(74, "roots/list", {}));
    expect(await stream.until("roots/list")).not.toContain("sampling");
    const error = { code: -32601, message: "Method not found" };
    await expect.poll(() => answered).toEqual([{ jsonrpc: "2.0", id: 73, error }]);
    stream.leave();
  });
});
