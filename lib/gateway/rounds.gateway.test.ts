import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { prisma } from "@/lib/db/db.server";
import { startGatewayStack, type GatewayStack, type StackGrant } from "@/lib/testing/gateway-stack";
import { mcpPost, modern } from "@/lib/testing/mcp-post";
import { readJson } from "@/lib/kernel/json";
import type { ValueObject } from "@/lib/kernel/value";
import { sealTraveller } from "@/lib/vault/vault.server";
import { roundContext } from "./request-state.server";

const policy = `
version: "1"
methods: {roots/list: deny}
tools:
  deploy:
    rules:
      - name: "few"
        rate_limit: 1000/day
  remove: {rules: []}
`;
const noSampling = `
version: "1"
methods: {"sampling/*": deny}
tools:
  deploy: {rules: []}
`;

interface Asked {
  params: { arguments?: unknown; inputResponses?: Record<string, unknown>; requestState?: string };
  text: string;
}

/** An upstream of 2026-07-28 that answers a first request with `first` and a retry with a result. */
let first: object = {};
let seen: Asked[] = [];
let server: Server;
let stack: GatewayStack;

beforeAll(async () => {
  server = createServer((incoming, outgoing) => {
    let text = "";
    incoming.on("data", (part: Buffer) => (text += part.toString()));
    incoming.on("end", () => {
      const message = JSON.parse(text) as { id: number; params: Asked["params"] };
      seen.push({ params: message.params, text });
      const isRetry = message.params.requestState !== undefined || message.params.inputResponses !== undefined;
      const result = isRetry ? { resultType: "complete", content: [] } : first;
      outgoing.writeHead(200, { "Content-Type": "application/json" });
      outgoing.end(JSON.stringify({ jsonrpc: "2.0", id: message.id, result }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const upstreamUrl = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/mcp`;
  stack = await startGatewayStack({ upstreamUrl, policy, tools: ["deploy", "remove"] });
});
afterAll(async () => {
  await stack.close();
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  seen = [];
});

const form = (name: string) => ({
  method: "elicitation/create",
  params: { message: "?", requestedSchema: { type: "object", properties: { [name]: { type: "string" } } } },
});
const link = (url: string) => ({ method: "elicitation/create", params: { mode: "url", message: "?", url } });

async function call(params: Record<string, unknown>, grant: StackGrant = stack, id = 1) {
  const { body, headers } = modern("tools/call", params, id);
  return mcpPost(grant, body, headers);
}

async function begin(args: unknown = { to: "prod" }) {
  first = { resultType: "input_required", inputRequests: { who: form("name") }, requestState: 'up-state é"' };
  const asked = await call({ name: "deploy", arguments: args });
  return String(asked.json.result?.["requestState"]);
}

describe("07-8 a question of the upstream and its answer", () => {
  test("the state that the client holds is ours; the upstream gets its own back, and both rounds are decided", async () => {
    const state = await begin();
    expect(state).toMatch(/^v\d+\.[A-Za-z0-9_-]+$/);
    const retry = {
      name: "deploy",
      arguments: { to: "prod" },
      requestState: state,
      inputResponses: { who: { action: "accept" } },
    };
    const answer = await call(retry, stack, 2);
    expect(answer.json.result?.resultType).toBe("complete");
    expect(seen[1]?.params).toMatchObject({
      requestState: 'up-state é"',
      inputResponses: { who: { action: "accept" } },
    });
    const rows = await stack.log(stack);
    expect(rows.filter((row) => row.kind === "decision").map((row) => row.decision)).toEqual(["allow", "allow"]);
    expect(rows.filter((row) => row.kind === "outcome").map((row) => row.outcome)).toEqual(["void", "posted"]);
  });

  test("only the state's own bytes are changed on the way", async () => {
    const state = await begin();
    const { body, headers } = modern("tools/call", { name: "deploy", arguments: { to: "prod" } }, 3);
    const text = JSON.stringify(body).replace('"arguments":', `"requestState" : "${state}" ,  "arguments":`);
    await mcpPost(stack, text, headers);
    expect(seen.at(-1)?.text).toBe(text.replace(`"${state}"`, JSON.stringify('up-state é"')));
  });
});

/** A state that was sealed for this very call, but too long ago. */
function expired(): string {
  const read = readJson(new TextEncoder().encode('{"name":"deploy","arguments":{"to":"prod"}}'));
  if (!read.ok) throw new Error("unreadable");
  const message = { method: "tools/call", params: read.value as ValueObject };
  const context = roundContext({ grant: { id: stack.grantId }, upstream: { id: stack.serverId }, message });
  return sealTraveller("request-state", context, JSON.stringify([1, "up-state", {}]));
}

describe("P7 a request state that is not this call's is refused, always in the same words", () => {
  test("altered, made up, of another grant, tool or arguments, or expired", async () => {
    const state = await begin();
    const other = await stack.twin(stack, "other");
    const at = state.length - 9;
    const altered = state.slice(0, at) + (state[at] === "A" ? "B" : "A") + state.slice(at + 1);
    const good = { name: "deploy", arguments: { to: "prod" }, requestState: state };
    seen = [];
    const refused = [
      await call({ ...good, requestState: altered }),
      await call({ ...good, requestState: "up-state" }),
      await call({ ...good, requestState: 7 }),
      await call(good, other),
      await call({ ...good, requestState: expired() }),
      await call({ ...good, name: "remove" }),
      await call({ ...good, arguments: { to: "test" } }),
    ];
    for (const { status, json, decision } of refused) {
      expect([status, json.error?.code, json.error?.message, decision?.["reason"]]).toEqual([
        400,
        -32602,
        "The request state is unknown or expired.",
        "request_state",
      ]);
    }
    expect(seen).toEqual([]);
    expect((await call(good)).json.result?.resultType).toBe("complete");
  });
});

describe("P9 what may not be put to a person is answered for it", () => {
  test("a form for a secret among others is declined on the retry, and the client never sees it", async () => {
    first = { resultType: "input_required", inputRequests: { a: form("name"), b: form("password"), c: form("color") } };
    const asked = await call({ name: "deploy", arguments: {} });
    expect(Object.keys(asked.json.result?.["inputRequests"] as object)).toEqual(["a", "c"]);
    const requestState = asked.json.result?.["requestState"];
    const inputResponses = {
      a: { action: "accept", content: {} },
      b: { action: "accept", content: { password: "x" } },
    };
    await call({ name: "deploy", arguments: {}, requestState, inputResponses }, stack, 2);
    expect(seen[1]?.params.inputResponses).toEqual({ a: inputResponses.a, b: { action: "decline" } });
    expect(seen[1]?.params).not.toHaveProperty("requestState");
  });

  test("a method that the policy denies is answered too, when every question is one", async () => {
    first = { resultType: "input_required", inputRequests: { r: { method: "roots/list" } }, requestState: "s" };
    const asked = await call({ name: "deploy", arguments: {} });
    expect(asked.json.result?.["inputRequests"]).toEqual({});
    await call({ name: "deploy", arguments: {}, requestState: asked.json.result?.["requestState"] }, stack, 2);
    expect(seen[1]?.params).toMatchObject({ requestState: "s", inputResponses: { r: { roots: [] } } });
    const rows = await stack.log(stack);
    expect(rows.some((row) => row.method === "roots/list" && row.rule === "/methods/roots~1list")).toBe(true);
  });

  test("a link that is not https is declined; a safe one passes and its host is in the log", async () => {
    first = {
      resultType: "input_required",
      inputRequests: { a: link("http://x.example/"), b: link("https://ok.example/p") },
    };
    const asked = await call({ name: "deploy", arguments: {} });
    expect(Object.keys(asked.json.result?.["inputRequests"] as object)).toEqual(["b"]);
    const rows = await stack.log(stack);
    expect(rows.some((row) => row.reason === "link to ok.example")).toBe(true);
  });

  test("sampling that the policy denies ends the call with a denial, and nothing is counted", async () => {
    const grant = await stack.add({ upstreamUrl: await urlOf(), policy: noSampling, tools: ["deploy"] });
    const sampling = { method: "sampling/createMessage", params: { messages: [], maxTokens: 5 } };
    first = { resultType: "input_required", inputRequests: { s: sampling }, requestState: "s" };
    const answer = await call({ name: "deploy", arguments: {} }, grant);
    expect(answer.json.result?.isError).toBe(true);
    expect(answer.decision).toMatchObject({
      decision: "deny",
      rule: "/methods/sampling~1createMessage",
      outcome: "void",
    });
    expect((await stack.log(grant)).filter((row) => row.kind === "outcome").map((row) => row.outcome)).toEqual([
      "void",
    ]);
  });
});

const urlOf = async () => (await prisma().server.findFirstOrThrow({ where: { id: stack.serverId } })).url;
