import { existsSync } from "node:fs";
import path from "node:path";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as OldTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  LoggingMessageNotificationSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { isAlive, newDiary, pidsIn, readDiary } from "@/lib/testing/diary";
import { createGrantRow, createPolicyRow, createSystemCtx } from "@/lib/testing/factories";
import { startGatewayStack, type GatewayStack, type StackGrant } from "@/lib/testing/gateway-stack";
import { startSseUpstream, type SseUpstream } from "@/lib/testing/sse-upstream";
import { closeChannels } from "./channel.server";
import type { ServerInput } from "./schema";
import { createServer, getServer, removeHeader, setHeader, updateServer } from "./servers.server";

process.env["ALLOW_STDIO"] = "1";
process.env["STDIO_COMMANDS"] = "node";

const policy = `
version: "1"
default: allow
hide: [delete_customer]
tools:
  add:
    rules:
      - name: "small only"
        conditions: [{path: args.amount, op: lte, value: 100}]
        on_deny: "Too much"
  hang:
    rules:
      - name: "a few"
        limit: {max: 100, window: day}
        on_unknown: hold
`;
const script = (name: string) => path.join(import.meta.dirname, "../testing", name);
let sse: SseUpstream;
let stack: GatewayStack;

beforeAll(async () => {
  sse = await startSseUpstream();
  stack = await startGatewayStack({
    upstreamUrl: sse.url,
    policy: null,
    tools: [],
    deadlines: { firstByteMs: 20_000 },
  });
});
afterAll(async () => {
  await closeChannels();
  await stack.close();
  await sse.close();
});

async function govern(input: ServerInput, text = policy): Promise<StackGrant> {
  const server = await createServer(await createSystemCtx(stack.orgId), input);
  expect(server.lastScanError).toBeNull();
  const policyId = await createPolicyRow(stack.orgId, text);
  const { grant, token } = await createGrantRow(stack.orgId, { serverId: server.id, policyId });
  const url = `http://127.0.0.1:${String(stack.port)}/mcp/${server.id}`;
  return { url, token, grantId: grant.id, serverId: server.id, policyId };
}

let count = 0;
const name = () => `server ${String(++count)}`;
const overSse = () =>
  govern({
    name: name(),
    transport: "sse",
    url: sse.url,
    allowPrivateNetwork: true,
    headers: [{ name: "X-Key", value: "k1" }],
  });
const overStdio = (diary: string, more: Partial<Extract<ServerInput, { transport: "stdio" }>> = {}, text = policy) =>
  govern(
    {
      name: name(),
      transport: "stdio",
      command: "node",
      args: [script("stdio-upstream.mjs"), diary],
      headers: [],
      ...more,
    },
    text,
  );

async function connect({ url, token }: StackGrant) {
  const client = new OldClient({ name: "official", version: "1" }, { capabilities: { sampling: {}, elicitation: {} } });
  client.setRequestHandler(CreateMessageRequestSchema, () => ({
    model: "m1",
    role: "assistant",
    content: { type: "text", text: "hi" },
  }));
  client.setRequestHandler(ElicitRequestSchema, () => ({ action: "accept", content: { colour: "blue" } }));
  const transport = new OldTransport(new URL(url), { requestInit: { headers: { Authorization: `Bearer ${token}` } } });
  await client.connect(transport);
  return { client, transport };
}
const textOf = (result: unknown) => (result as { content: { text: string }[] }).content[0]?.text ?? "";

describe.each(["sse", "stdio"] as const)("the official client through the gateway, upstream over %s", (transport) => {
  let grant: StackGrant;
  let diary: string;
  beforeEach(async () => {
    diary = newDiary();
    grant = transport === "sse" ? await overSse() : await overStdio(diary);
  });
  const ran = (tool: string) =>
    transport === "sse" ? sse.ran.includes(tool) : readDiary(diary).includes(`run ${tool}`);

  test("lists without hidden tools, and calls are judged", async () => {
    const { client } = await connect(grant);
    const names = (await client.listTools()).tools.map((tool) => tool.name);
    expect(names).toContain("add");
    expect(names).not.toContain("delete_customer");
    expect(textOf(await client.callTool({ name: "add", arguments: { amount: 7 } }))).toBe(`add {"amount":7}`);
    const denied = await client.callTool({ name: "add", arguments: { amount: 101 } });
    expect(textOf(denied)).toBe("[POLICYLAYER POLICY DENIED] Too much");
    await expect(client.callTool({ name: "delete_customer" })).rejects.toThrow("Unknown tool: delete_customer");
    expect(ran("delete_customer")).toBe(false);
    await client.close();
  });

  test("progress, sampling and elicitation reach the client during the call", async () => {
    const { client } = await connect(grant);
    const seen: number[] = [];
    const onprogress = ({ progress }: { progress: number }) => void seen.push(progress);
    expect(textOf(await client.callTool({ name: "progress" }, undefined, { onprogress }))).toBe("done");
    expect(seen).toEqual([1, 2, 3]);
    expect(textOf(await client.callTool({ name: "sample" }))).toBe("model m1");
    expect(textOf(await client.callTool({ name: "elicit" }))).toBe(`accept {"colour":"blue"}`);
    await client.close();
  });

  test("a cancelled call is cancelled at the server", async () => {
    const { client } = await connect(grant);
    const stop = new AbortController();
    const call = client.callTool({ name: "hang" }, undefined, { signal: stop.signal });
    const ended = expect(call).rejects.toThrow();
    await vi.waitFor(() => expect(ran("hang")).toBe(true), 15_000);
    stop.abort();
    await ended;
    const word =
      transport === "sse"
        ? () => sse.ran.includes("hang cancelled")
        : () => readDiary(diary).includes("cancelled hang");
    await vi.waitFor(() => expect(word()).toBe(true), 15_000);
    await client.close();
  });

  test("a session that was ended is unknown from then on", async () => {
    const { client, transport: line } = await connect(grant);
    const session = line.sessionId ?? "";
    await line.terminateSession();
    const response = await fetch(grant.url, {
      method: "POST",
      headers: {
        authorization: `Bearer ${grant.token}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-session-id": session,
        "mcp-protocol-version": "2025-11-25",
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 9, method: "ping" }),
    });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ id: 9, error: { code: -32001 } });
    await client.close();
  });

  test("P10 two sessions never see each other's messages", async () => {
    const [one, two] = [await connect(grant), await connect(grant)];
    const seen: string[] = [];
    const call = async (who: string, client: OldClient, step: number) => {
      const onprogress = () => void seen.push(who);
      await client.callTool({ name: "progress", arguments: { step } }, undefined, { onprogress });
      return textOf(await client.callTool({ name: "add", arguments: { amount: step } }));
    };
    const steps = [1, 2, 3, 4, 5];
    // Both clients count their ids from the same number.
    const answers = await Promise.all(
      steps.flatMap((step) => [call("one", one.client, step), call("two", two.client, step + 50)]),
    );
    expect(answers).toEqual(
      steps.flatMap((step) => [`add {"amount":${String(step)}}`, `add {"amount":${String(step + 50)}}`]),
    );
    expect(seen.filter((who) => who === "one")).toHaveLength(15);
    expect(seen.filter((who) => who === "two")).toHaveLength(15);
    await Promise.all([one.client.close(), two.client.close()]);
  });
});

describe("HTTP+SSE", () => {
  test("a log message goes into the call's stream, an announcement to the listening stream", async () => {
    const { client } = await connect(await overSse());
    const heard: string[] = [];
    client.setNotificationHandler(
      LoggingMessageNotificationSchema,
      ({ params }) => void heard.push(String(params.data)),
    );
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => void heard.push("list changed"));
    await client.callTool({ name: "log" });
    await sse.announce("notifications/tools/list_changed");
    await vi.waitFor(() => expect(heard).toEqual(expect.arrayContaining(["hello", "list changed"])), 15_000);
    await client.close();
  });

  test("the server's own header is on the stream and on each message, the client's token on none", async () => {
    sse.seen.length = 0;
    const { client } = await connect(await overSse());
    await client.callTool({ name: "add", arguments: { amount: 1 } });
    await client.close();
    expect(sse.seen.length).toBeGreaterThan(3);
    expect(sse.seen.every(({ headers }) => headers["x-key"] === "k1" && headers.authorization === undefined)).toBe(
      true,
    );
    expect(sse.seen.some(({ headers }) => "mcp-session-id" in headers)).toBe(false);
  });

  test("a stream that ends in a call leaves its outcome unknown and ends the session", async () => {
    const grant = await overSse();
    const { client, transport } = await connect(grant);
    const call = client.callTool({ name: "hang" });
    await vi.waitFor(() => expect(sse.ran.at(-1)).toBe("hang"), 15_000);
    sse.cut();
    expect(textOf(await call)).toContain("[POLICYLAYER UPSTREAM ERROR]");
    const log = await stack.log(grant);
    expect(log.find((row) => row.kind === "outcome")).toMatchObject({ outcome: "in_doubt" });
    await expect(client.ping()).rejects.toThrow();
    expect(transport.sessionId).toBeDefined();
    await client.close();
  });

  test.each(["http://127.0.0.1:9/steal", "//evil.example/x", "https://127.0.0.1/x"])(
    "U3 an endpoint of another origin (%s) is not posted to",
    async (endpoint) => {
      const grant = await overSse();
      sse.endpoint = endpoint;
      try {
        await expect(connect(grant)).rejects.toThrow(/not allowed/);
      } finally {
        sse.endpoint = null;
      }
    },
  );

  test("U3 a redirect of the event stream is not followed", async () => {
    const grant = await overSse();
    sse.status = 307;
    try {
      await expect(connect(grant)).rejects.toThrow();
    } finally {
      sse.status = null;
    }
  });
});

describe("stdio", () => {
  test("nothing is inherited: the search path, an empty home, the server's own variables", async () => {
    process.env["OWN_SECRET"] = "of the gateway";
    const grant = await overStdio(newDiary(), { headers: [{ name: "API_KEY", value: "key-1234" }] });
    const { client } = await connect(grant);
    const told = JSON.parse(textOf(await client.callTool({ name: "environment" }))) as {
      variables: string[];
      cwd: string;
    };
    const { variables, cwd } = told;
    expect(variables).toEqual(["API_KEY", "HOME", "PATH", "TMPDIR"]);
    expect(existsSync(cwd)).toBe(true);
    await client.close();
    await closeChannels();
    expect(existsSync(cwd)).toBe(false);
  });

  test("P10 each session has a process of its own; sessionless clients share one and keep their answers apart", async () => {
    const diary = newDiary();
    const grant = await overStdio(diary);
    const [one, two] = [await connect(grant), await connect(grant)];
    const pids = (await Promise.all([one, two].map(({ client }) => client.callTool({ name: "pid" })))).map(textOf);
    expect(new Set(pids).size).toBe(2);
    const modern = await Promise.all([connectModern(grant), connectModern(grant)]);
    const shared = await Promise.all(modern.map((client) => client.callTool({ name: "pid", arguments: {} })));
    expect(new Set(shared.map(textOf)).size).toBe(1);
    expect(pids).not.toContain(textOf(shared[0]));
    const amounts = [1, 2, 3, 4, 5, 6];
    const answers = await Promise.all(
      amounts.map((amount) => modern[amount % 2 === 0 ? 0 : 1].callTool({ name: "add", arguments: { amount } })),
    );
    expect(answers.map(textOf)).toEqual(amounts.map((amount) => `add {"amount":${String(amount)}}`));
    const seen: number[] = [];
    await modern[0].callTool(
      { name: "progress", arguments: {} },
      { onprogress: ({ progress }) => void seen.push(progress) },
    );
    expect(seen).toEqual([1, 2, 3]);
    await Promise.all([one.client.close(), two.client.close(), ...modern.map((client) => client.close())]);
  });

  test("the end of a sessionless call's stream cancels it at the process", async () => {
    const diary = newDiary();
    // A limit that keeps counting lost outcomes would have the call read on to its end.
    const client = await connectModern(
      await overStdio(diary, {}, policy.replace("on_unknown: hold", "on_unknown: release")),
    );
    const stop = new AbortController();
    const ended = expect(client.callTool({ name: "hang", arguments: {} }, { signal: stop.signal })).rejects.toThrow();
    await vi.waitFor(() => expect(readDiary(diary)).toContain("run hang"), 15_000);
    stop.abort();
    await ended;
    await vi.waitFor(() => expect(readDiary(diary)).toContain("cancelled hang"), 15_000);
    await client.close();
  });

  test("a process killed in a call leaves its outcome unknown, and the next session starts a new one", async () => {
    const diary = newDiary();
    const grant = await overStdio(diary);
    const { client } = await connect(grant);
    const call = client.callTool({ name: "hang" });
    await vi.waitFor(() => expect(readDiary(diary)).toContain("run hang"), 15_000);
    process.kill(pidsIn(diary, "start").at(-1) ?? 0, "SIGKILL");
    expect(textOf(await call)).toContain("[POLICYLAYER UPSTREAM ERROR]");
    const log = await stack.log(grant);
    expect(log.find((row) => row.kind === "outcome")).toMatchObject({ outcome: "in_doubt" });
    const again = await connect(grant);
    expect(textOf(await again.client.callTool({ name: "add", arguments: { amount: 1 } }))).toBe(`add {"amount":1}`);
    await Promise.all([client.close(), again.client.close()]);
  });

  test("all processes are gone after a stop, and those of a server that is disabled at once", async () => {
    const [kept, disabled] = [newDiary(), newDiary()];
    const [one, two] = [await overStdio(kept), await overStdio(disabled)];
    await Promise.all([connect(one), connect(one), connect(two)]);
    const alive = (diary: string) => pidsIn(diary, "start").filter(isAlive).length;
    expect([alive(kept), alive(disabled)]).toEqual([2, 1]);
    await updateServer(await createSystemCtx(stack.orgId), two.serverId, { enabled: false });
    await vi.waitFor(() => expect(alive(disabled)).toBe(0), 15_000);
    expect(alive(kept)).toBe(2);
    await closeChannels();
    expect(alive(kept)).toBe(0);
  });

  test("U11 the last words of a process that cannot start are shown without its secrets", async () => {
    const ctx = await createSystemCtx(stack.orgId);
    const args = [script("hostile-stdio.mjs"), "crash", newDiary()];
    const headers = [{ name: "API_KEY", value: "key-1234" }];
    const server = await createServer(ctx, { name: name(), transport: "stdio", command: "node", args, headers });
    expect(server.lastScanError).toMatch(
      /initialize: the process ended with code 3; it wrote: cannot start with key …$/,
    );
  });

  test("only listed commands and harmless variables are taken, and variables go when the program changes", async () => {
    const ctx = await createSystemCtx(stack.orgId);
    const sh = createServer(ctx, { name: name(), transport: "stdio", command: "sh", args: [], headers: [] });
    await expect(sh).rejects.toMatchObject({
      code: "invalid_input",
      issues: [{ path: "command", code: "command_not_allowed" }],
    });
    const { serverId } = await overStdio(newDiary(), { headers: [{ name: "API_KEY", value: "key-1234" }] });
    for (const bad of ["LD_PRELOAD", "NODE_OPTIONS", "PATH", "X-Key"]) {
      await expect(setHeader(ctx, serverId, { name: bad, value: "x" })).rejects.toMatchObject({
        code: "invalid_input",
      });
    }
    expect((await setHeader(ctx, serverId, { name: "HOST", value: "x" })).headerNames).toEqual(["API_KEY", "HOST"]);
    expect((await removeHeader(ctx, serverId, "HOST")).headerNames).toEqual(["API_KEY"]);
    await expect(updateServer(ctx, serverId, { url: "https://example.com/mcp" })).rejects.toMatchObject({
      code: "invalid_input",
    });
    const args = [script("stdio-upstream.mjs"), newDiary(), "--other"];
    expect(await updateServer(ctx, serverId, { args })).toMatchObject({
      headerNames: [],
      args,
      url: "stdio:node",
      transport: "stdio",
    });
    const moved = await updateServer(ctx, serverId, { transport: "sse", url: sse.url, allowPrivateNetwork: true });
    expect(moved).toMatchObject({ transport: "sse", command: null, args: [], url: sse.url, lastScanError: null });
    expect((await getServer(ctx, serverId)).toolCount).toBeGreaterThan(0);
  });
});

async function connectModern({ url, token }: StackGrant): Promise<Client> {
  const client = new Client({ name: "modern", version: "1" }, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
  const requestInit = { headers: { Authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
  return client;
}
