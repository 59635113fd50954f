import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { setMemberPolicy } from "@/lib/bundles/bundles.server";
import { addBundle, definitionsOf, type StackBundle } from "@/lib/testing/bundle-stack";
import { createPolicyRow, createSystemCtx } from "@/lib/testing/factories";
import { startEverything, type EverythingServer } from "@/lib/testing/everything-server";
import { startGatewayStack, type GatewayStack } from "@/lib/testing/gateway-stack";

const allow = `version: "1"\ndefault: allow\ntools: {}\n`;
const hides = `version: "1"\ndefault: allow\nhide: [test_error_handling]\ntools:\n  greet: { rules: [{name: "no", conditions: [{path: args.name, op: eq, value: "ada"}], on_deny: "Only ada"}] }\n`;

let stack: GatewayStack;
let one: EverythingServer;
let two: EverythingServer;
let bundle: StackBundle;
const clients: Client[] = [];

beforeAll(async () => {
  [one, two] = await Promise.all([startEverything(), startEverything()]);
  const definitions = await definitionsOf(one.url);
  stack = await startGatewayStack({ upstreamUrl: one.url, policy: null, tools: [] });
  bundle = await addBundle(stack, [
    { prefix: "one", upstreamUrl: one.url, policy: allow, definitions },
    { prefix: "two", upstreamUrl: two.url, policy: hides, definitions },
  ]);
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});
afterAll(async () => {
  await stack.close();
  await Promise.all([one.close(), two.close()]);
});

const capabilities = { sampling: {}, elicitation: {}, roots: { listChanged: true } };

/** A connected client; `said` is what its sampling and elicitation answer with. */
async function connect(mode: "legacy" | "auto", said = "yes") {
  const client = new Client({ name: "desk", version: "1" }, { capabilities, versionNegotiation: { mode } });
  client.setRequestHandler("sampling/createMessage", () => ({
    role: "assistant",
    content: { type: "text", text: said },
    model: "m",
  }));
  client.setRequestHandler("elicitation/create", () => ({
    action: "accept",
    content: { username: said, email: "a@example.test" },
  }));
  const headers = { Authorization: `Bearer ${bundle.token}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(bundle.url), { requestInit: { headers } }));
  clients.push(client);
  return client;
}

const textOf = (result: { content?: unknown }) => (result.content as { text?: string }[])[0]?.text ?? "";

describe.each(["legacy", "auto"] as const)("the official client (%s)", (mode) => {
  test("sees one server with the tools of both, hidden ones left out, and calls each by its name", async () => {
    const client = await connect(mode);
    expect(client.getNegotiatedProtocolVersion()).toBe(mode === "auto" ? "2026-07-28" : "2025-11-25");
    expect(client.getServerVersion()?.name).toContain("PolicyLayer bundle");
    expect(client.getServerCapabilities()).toMatchObject({
      tools: { listChanged: true },
      prompts: {},
      resources: {},
      completions: {},
    });
    const names = (await client.listTools()).tools.map((tool) => tool.name);
    expect(names).toEqual(expect.arrayContaining(["one__greet", "two__greet", "one__test_error_handling"]));
    expect(names).not.toContain("two__test_error_handling");
    expect(textOf(await client.callTool({ name: "one__greet", arguments: { name: "bob" } }))).toContain("bob");
    const denied = await client.callTool({ name: "two__greet", arguments: { name: "bob" } });
    expect([denied.isError, textOf(denied)]).toEqual([true, "[POLICYLAYER POLICY DENIED] Only ada"]);
    expect(textOf(await client.callTool({ name: "two__greet", arguments: { name: "ada" } }))).toContain("ada");
    await expect(client.callTool({ name: "two__test_error_handling", arguments: {} })).rejects.toThrow(
      "Unknown tool: two__test_error_handling",
    );
  });

  test("gets prompts by prefixed names, resources by their URI, and completions of both", async () => {
    const client = await connect(mode);
    const prompts = (await client.listPrompts()).prompts.map((prompt) => prompt.name);
    expect(prompts).toEqual(expect.arrayContaining(["one__test_simple_prompt", "two__test_simple_prompt"]));
    const prompt = await client.getPrompt({ name: "two__test_simple_prompt" });
    expect(prompt.messages[0]?.content).toMatchObject({ text: "This is a simple prompt for testing." });
    await expect(client.getPrompt({ name: "nobody__test_simple_prompt" })).rejects.toThrow("Unknown prompt");
    const { resources } = await client.listResources();
    expect(resources.filter(({ uri }) => uri === "test://static-text")).toHaveLength(2);
    const read = await client.readResource({ uri: "test://static-text" });
    expect(read.contents[0]).toMatchObject({ uri: "test://static-text" });
    await expect(client.readResource({ uri: "test://nowhere" })).rejects.toThrow();
    const completed = await client.complete({
      ref: { type: "ref/prompt", name: "two__test_prompt_with_arguments" },
      argument: { name: "arg1", value: "" },
    });
    expect(completed.completion.values.length).toBeGreaterThan(0);
  });

  test("hears the progress of its call, and only of that", async () => {
    const client = await connect(mode);
    const seen: number[] = [];
    const onprogress = ({ progress }: { progress: number }) => void seen.push(progress);
    await client.callTool({ name: "two__test_tool_with_progress", arguments: {} }, { onprogress });
    expect(seen.length).toBeGreaterThan(1);
  });
});

test("2026-07-28: a server asks for input by its answer, and the retry goes to that server with what was said", async () => {
  const client = await connect("auto", "ann");
  const result = await client.callTool({ name: "two__test_input_required_result_sampling", arguments: {} });
  expect(textOf(result)).toContain("ann");
});

test("2025-11-25: the log level is set at every server", async () => {
  const client = await connect("legacy");
  const logged: unknown[] = [];
  client.setNotificationHandler("notifications/message", ({ params }) => void logged.push(params.data));
  await client.setLoggingLevel("debug");
  await client.callTool({ name: "one__test_tool_with_logging", arguments: {} });
  await client.callTool({ name: "two__test_tool_with_logging", arguments: {} });
  expect(logged.length).toBeGreaterThanOrEqual(4);
});

test("P10 two servers ask one client at once; each answer goes to the server that asked", async () => {
  const clientsOf = await Promise.all([connect("legacy", "from ann"), connect("legacy", "from bea")]);
  const calls = clientsOf.flatMap((client, index) =>
    ["one", "two"].flatMap((prefix) => [
      client
        .callTool({ name: `${prefix}__test_sampling`, arguments: { prompt: "who" } })
        .then((result) => [index, textOf(result)]),
      client
        .callTool({ name: `${prefix}__test_elicitation`, arguments: { message: "who" } })
        .then((result) => [index, textOf(result)]),
    ]),
  );
  for (const [index, text] of await Promise.all(calls)) {
    expect(text).toContain(index === 0 ? "from ann" : "from bea");
    expect(text).not.toContain(index === 0 ? "from bea" : "from ann");
  }
});

test("a stream that a server closed early is taken up again at that server, and its call is settled by the answer", async () => {
  const client = await connect("legacy");
  const result = await client.callTool({ name: "two__test_reconnection", arguments: {} });
  expect(result.isError ?? false).toBe(false);
  const rows = await stack.log(bundle);
  const call = rows.findLast((row) => row.kind === "decision" && row.tool === "test_reconnection");
  expect(rows.find((row) => row.kind === "outcome" && row.decisionId === call?.decisionId)?.outcome).toBe("posted");
});

test.each(["legacy", "auto"] as const)(
  "a change of one server's policy is told to the client (%s) within a second",
  async (mode) => {
    const ctx = await createSystemCtx(stack.orgId);
    const { serverId, policyId } = bundle.at("one");
    let told = 0;
    const client = new Client(
      { name: "desk", version: "1" },
      {
        versionNegotiation: { mode },
        listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged: () => void (told += 1) } },
      },
    );
    clients.push(client);
    const headers = { Authorization: `Bearer ${bundle.token}` };
    await client.connect(new StreamableHTTPClientTransport(new URL(bundle.url), { requestInit: { headers } }));
    expect((await client.listTools()).tools.map((tool) => tool.name)).toContain("one__greet");
    const hidden = await createPolicyRow(stack.orgId, `version: "1"\ndefault: allow\nhide: [greet]\ntools: {}\n`);
    const before = told;
    await setMemberPolicy(ctx, bundle.bundleId, serverId, { policyId: hidden });
    const changedAt = performance.now();
    await expect.poll(() => told, { timeout: 3_000, interval: 20 }).toBeGreaterThan(before);
    expect(performance.now() - changedAt).toBeLessThan(1_500);
    expect((await client.listTools()).tools.map((tool) => tool.name)).not.toContain("one__greet");
    await setMemberPolicy(ctx, bundle.bundleId, serverId, { policyId });
  },
);

test("the end of the client's session ends it at both servers", async () => {
  const client = await connect("legacy");
  const transport = client.transport as StreamableHTTPClientTransport;
  const { sessionId } = transport;
  await transport.terminateSession();
  const again = await fetch(bundle.url, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${bundle.token}`,
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      "Mcp-Session-Id": sessionId ?? "",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
  });
  expect(again.status).toBe(404);
});
