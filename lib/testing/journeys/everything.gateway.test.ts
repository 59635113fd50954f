import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as OldTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startEverythingServer } from "./everything-server";
import { textOf } from "./agent";
import { openJourney, type Journey } from "./journey";

const policy = `
version: "1"
hide: [get-env]
tools:
  echo: {rules: []}
  get-sum:
    rules:
      - name: "small numbers"
        conditions: [{path: args.a, op: lte, value: 100}]
        on_deny: "Small numbers only"
  trigger-long-running-operation: {rules: []}
`;

let journey: Journey;
let everything: Awaited<ReturnType<typeof startEverythingServer>>;
let live: Awaited<ReturnType<Journey["policy"]>>;
let target: { url: URL; requestInit: RequestInit };

beforeAll(async () => {
  everything = await startEverythingServer();
  journey = await openJourney();
  live = await journey.policy(policy);
  target = await journey.target("Everything", everything.url, live.id);
});
afterAll(async () => {
  await journey.close();
  await everything.close();
});

/** What both client lines can do, and in the same words. */
type AnyClient = Pick<Client, "listResources" | "readResource" | "listPrompts" | "getPrompt" | "close"> & {
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(call: { name: string; arguments: Record<string, unknown> }): Promise<Record<string, unknown>>;
  callWithProgress(call: { name: string; arguments: Record<string, unknown> }): Promise<unknown[]>;
};

async function newLine(mode: "legacy" | "auto"): Promise<AnyClient> {
  const client = new Client({ name: "journey-2", version: "1" }, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(target.url, { requestInit: target.requestInit }));
  return Object.assign(client, {
    callWithProgress: async (call: { name: string; arguments: Record<string, unknown> }) => {
      const seen: unknown[] = [];
      await client.callTool(call, { onprogress: (progress) => seen.push(progress) });
      return seen;
    },
  });
}

async function oldLine(): Promise<AnyClient> {
  const client = new OldClient({ name: "journey-1", version: "1" });
  await client.connect(new OldTransport(target.url, { requestInit: target.requestInit }));
  return Object.assign(client, {
    callWithProgress: async (call: { name: string; arguments: Record<string, unknown> }) => {
      const seen: unknown[] = [];
      await client.callTool(call, undefined, { onprogress: (progress) => seen.push(progress) });
      return seen;
    },
  });
}

describe.each([
  ["1.x", oldLine],
  ["2.x, 2025 handshake", () => newLine("legacy")],
  ["2.x, negotiating", () => newLine("auto")],
] as const)("server-everything through the gateway, official client %s", (_name, connect) => {
  let client: AnyClient;
  beforeAll(async () => {
    client = await connect();
  });
  afterAll(() => client.close());

  test("lists its tools without the hidden one", async () => {
    const names = (await client.listTools()).tools.map((tool) => tool.name);
    expect(names).toEqual(expect.arrayContaining(["echo", "get-sum", "get-tiny-image"]));
    expect(names).not.toContain("get-env");
  });

  test("calls what the policy allows, is denied what it does not", async () => {
    expect(textOf(await client.callTool({ name: "echo", arguments: { message: "hello" } }))).toBe("Echo: hello");
    const sum = (a: number) => client.callTool({ name: "get-sum", arguments: { a, b: 3 } });
    expect(textOf(await sum(2))).toBe("The sum of 2 and 3 is 5.");
    expect(textOf(await sum(101))).toBe("[POLICYLAYER POLICY DENIED] Small numbers only");
    const unlisted = await client.callTool({ name: "get-tiny-image", arguments: {} });
    expect(textOf(unlisted)).toContain("[POLICYLAYER POLICY DENIED]");
  });

  test("gets progress notifications while a call runs", async () => {
    const call = { name: "trigger-long-running-operation", arguments: { duration: 0.06, steps: 3 } };
    expect(await client.callWithProgress(call)).toEqual([
      { progress: 1, total: 3 },
      { progress: 2, total: 3 },
      { progress: 3, total: 3 },
    ]);
  });

  test("reads a resource and gets a prompt", async () => {
    const { resources } = await client.listResources();
    const [first] = resources;
    const { contents } = await client.readResource({ uri: first?.uri ?? "" });
    expect(contents[0]).toMatchObject({ uri: first?.uri, text: expect.stringContaining("#") });
    expect((await client.listPrompts()).prompts.map((prompt) => prompt.name)).toContain("simple-prompt");
    const { messages } = await client.getPrompt({ name: "simple-prompt" });
    expect(messages[0]).toMatchObject({ role: "user", content: { type: "text" } });
  });
});

test("a session and its open stream outlive a policy edit, and the edit governs their next call", async () => {
  const client = new Client({ name: "journey-session", version: "1" });
  const transport = new StreamableHTTPClientTransport(target.url, { requestInit: target.requestInit });
  const lost: unknown[] = [];
  transport.onclose = () => lost.push("closed");
  transport.onerror = (error) => lost.push(error);
  await client.connect(transport);
  const session = transport.sessionId;
  expect(session).toBeTruthy();
  const sum = async () => textOf(await client.callTool({ name: "get-sum", arguments: { a: 50, b: 3 } }));
  expect(await sum()).toBe("The sum of 50 and 3 is 53.");
  await live.publish((text) => text.replace("value: 100", "value: 10"));
  expect(await sum()).toBe("[POLICYLAYER POLICY DENIED] Small numbers only");
  expect(transport.sessionId).toBe(session);
  expect(lost).toEqual([]);
  await transport.terminateSession();
  await client.close();
});
