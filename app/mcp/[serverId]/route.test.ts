import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startGatewayStack, type GatewayStack } from "@/lib/testing/gateway-stack";
import { callOf, textOf, type McpResponse } from "@/lib/testing/mcp-post";
import { scriptedTools, startScriptedUpstream, type ScriptedUpstream } from "@/lib/testing/scripted-upstream";
import * as route from "./route";

const policy = `
version: "1"
tools:
  create_charge:
    rules:
      - name: "max"
        conditions: [{path: args.amount, op: lte, value: 500}]
        on_deny: "Too much"
`;

let upstream: ScriptedUpstream;
let stack: GatewayStack;
beforeAll(async () => {
  upstream = await startScriptedUpstream();
  stack = await startGatewayStack({ upstreamUrl: upstream.url, policy, tools: scriptedTools });
});
afterAll(async () => {
  await stack.close();
  await upstream.close();
});

interface Sent {
  url?: string;
  token?: string | null;
  method?: Exclude<keyof typeof route, "runtime" | "dynamic">;
  body?: string;
}

async function send({ url = stack.url, token = stack.token, method = "POST", body }: Sent) {
  const text = body ?? JSON.stringify(callOf("create_charge", { amount: 1 }));
  const request = new Request(url, {
    method,
    headers: {
      Host: new URL(stack.url).host,
      "Content-Type": "application/json",
      ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
    },
    ...(method === "POST" ? { body: text } : {}),
  });
  const response = await route[method](request);
  const answer = await response.text();
  return { status: response.status, headers: response.headers, text: answer, json: answer ? JSON.parse(answer) : {} };
}

describe("200", () => {
  test("a call is decided and relayed as through the listener", async () => {
    expect(textOf((await send({})) as unknown as McpResponse)).toBe("done");
    const denied = await send({ body: JSON.stringify(callOf("create_charge", { amount: 501 })) });
    expect(textOf(denied as unknown as McpResponse)).toBe("[POLICYLAYER POLICY DENIED] Too much");
    expect(upstream.executed).toHaveLength(1);
  });
});

describe("400", () => {
  test.each(["{", "[]", '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}'])("%s", async (body) => {
    expect((await send({ body })).status).toBe(400);
  });
});

describe("401", () => {
  test("without a token, and with a wrong one", async () => {
    expect((await send({ token: null })).status).toBe(401);
    expect((await send({ token: "plg_wrong" })).status).toBe(401);
  });

  test("a token opens its own server only", async () => {
    const other = await stack.add({ upstreamUrl: upstream.url, policy, tools: scriptedTools });
    expect((await send({ url: other.url })).status).toBe(401);
  });
});

describe("403/404/405", () => {
  test("an unknown server and other methods", async () => {
    expect((await send({ url: stack.url.replace(/[0-9a-f-]{36}$/, "nowhere") })).status).toBe(404);
    for (const method of ["PUT", "PATCH", "OPTIONS", "HEAD"] as const) {
      const answer = await send({ method });
      expect([method, answer.status, answer.headers.get("allow")]).toEqual([method, 405, "POST, GET, DELETE"]);
    }
  });
});
