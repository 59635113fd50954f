import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { scanServer } from "@/lib/servers/servers.server";
import { strictPolicy } from "./conformance-policies";
import { startEverything, type EverythingServer } from "./everything-server";
import { createSystemCtx } from "./factories";
import { startGatewayStack, type GatewayStack } from "./gateway-stack";

let everything: EverythingServer;
let stack: GatewayStack;

beforeAll(async () => {
  everything = await startEverything();
  stack = await startGatewayStack({ upstreamUrl: everything.url, policy: strictPolicy, tools: [] });
  await scanServer(await createSystemCtx(stack.orgId), stack.serverId);
});
afterAll(async () => {
  await stack.close();
  await everything.close();
});

/** Where a request goes: to the server itself, or through the gateway. */
interface Way {
  url: string;
  headers: Record<string, string>;
}
const direct = (): Way => ({ url: everything.url, headers: {} });
const governed = (): Way => ({ url: stack.url, headers: { Authorization: `Bearer ${stack.token}` } });

/** What a client sees of an answer; what differs between any two runs (ids, times, sealed states) is named, not shown. */
interface Seen {
  status: number;
  type: string | null;
  body: string;
}

async function send(way: Way, method: string, headers: Record<string, string>, body?: unknown): Promise<Response> {
  return fetch(way.url, {
    method,
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      ...headers,
      ...way.headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
}

async function see(response: Response): Promise<Seen> {
  return { status: response.status, type: response.headers.get("content-type"), body: named(await response.text()) };
}

/** Comments of an event stream are keep-alives of either side. */
function named(text: string): string {
  return text
    .replace(/^:.*\n\n?/gm, "")
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<uuid>")
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")
    .replace(/"requestState":"[^"]+"/g, '"requestState":"<state>"');
}

const rpc = (method: string, params: unknown = {}, id: number | string = 7) => ({ jsonrpc: "2.0", id, method, params });
const call = (name: string, args: unknown = {}, more: object = {}) =>
  rpc("tools/call", { name, arguments: args, ...more });

/** A session of 2025-11-25; the client can sample and be asked. */
async function openSession(way: Way): Promise<Record<string, string>> {
  const capabilities = { sampling: {}, elicitation: { form: {} } };
  const params = { protocolVersion: "2025-11-25", capabilities, clientInfo: { name: "test", version: "1" } };
  const opened = await send(way, "POST", {}, rpc("initialize", params));
  const headers = {
    "Mcp-Session-Id": opened.headers.get("mcp-session-id") ?? "",
    "MCP-Protocol-Version": "2025-11-25",
  };
  await opened.text();
  await send(way, "POST", headers, { jsonrpc: "2.0", method: "notifications/initialized" });
  return headers;
}

const legacyRequests: [string, object][] = [
  ["ping", rpc("ping")],
  ["an id that is a text", rpc("ping", {}, "a-1")],
  ["a list of tools", rpc("tools/list")],
  ["a list of resources", rpc("resources/list")],
  ["a list of templates", rpc("resources/templates/list")],
  ["a list of prompts", rpc("prompts/list")],
  ["a text resource", rpc("resources/read", { uri: "test://static-text" })],
  ["a resource of bytes", rpc("resources/read", { uri: "test://static-binary" })],
  ["a resource that does not exist", rpc("resources/read", { uri: "test://none" })],
  ["a prompt", rpc("prompts/get", { name: "test_prompt_with_arguments", arguments: { arg1: "a", arg2: "b" } })],
  ["a prompt that does not exist", rpc("prompts/get", { name: "none" })],
  [
    "a completion",
    rpc("completion/complete", {
      ref: { type: "ref/prompt", name: "test_prompt_with_arguments" },
      argument: { name: "arg1", value: "par" },
    }),
  ],
  ["a log level", rpc("logging/setLevel", { level: "info" })],
  ["a subscription", rpc("resources/subscribe", { uri: "test://watched-resource" })],
  ["a call", call("test_multiple_content_types")],
  ["a call that fails", call("test_error_handling")],
  ["a call with bad arguments", call("json_schema_2020_12_tool", { unknown: 1 })],
  ["a call with JSON Schema 2020-12", call("json_schema_2020_12_tool", { contactMethod: "phone", phone: "1" })],
  ["a call with log lines", call("test_tool_with_logging")],
  ["a call with progress", call("test_tool_with_progress", {}, { _meta: { progressToken: "p-1" } })],
  ["a notification", { jsonrpc: "2.0", method: "notifications/roots/list_changed" }],
];

test.each(["2025-03-26", "2025-06-18", "2025-11-25", "1999-01-01"])(
  "a handshake of %s, and a list after it without a version header",
  async (protocolVersion) => {
    const clientInfo = { name: "test", version: "1" };
    const greet = rpc("initialize", { protocolVersion, capabilities: {}, clientInfo });
    const walk = async (way: Way) => {
      const opened = await send(way, "POST", {}, greet);
      const session = { "Mcp-Session-Id": opened.headers.get("mcp-session-id") ?? "" };
      const first = await see(opened);
      const done = await send(way, "POST", session, { jsonrpc: "2.0", method: "notifications/initialized" });
      return [first, await see(done), await see(await send(way, "POST", session, rpc("tools/list")))];
    };
    expect(await walk(governed())).toEqual(await walk(direct()));
  },
);

describe("2025-11-25: through the gateway a client sees what it sees directly", () => {
  test.each(legacyRequests)("%s", async (_, body) => {
    const seen = await Promise.all(
      [direct(), governed()].map(async (way) => see(await send(way, "POST", await openSession(way), body))),
    );
    expect(seen[1]).toEqual(seen[0]);
  });

  test("11-3 a stream that the server closes early is resumed after its last event", async () => {
    const resume = async (way: Way) => {
      const session = await openSession(way);
      const first = await (await send(way, "POST", session, call("test_reconnection"))).text();
      const last = /^id: (.+)$/m.exec(first)?.[1] ?? "";
      const reader = (await send(way, "GET", { ...session, "Last-Event-ID": last })).body?.getReader();
      const rest = await readUntil(reader, "Answered after");
      return [named(first), named(rest)];
    };
    const [own, relayed] = [await resume(direct()), await resume(governed())];
    expect(own[0]).toMatch(/^id: .+\nretry: 500\ndata: /);
    expect(own[1]).toContain("Answered after the stream was resumed");
    expect(relayed).toEqual(own);
  });

  test("11-6 a request of the server comes on the stream of its call, and the answer to it is taken with 202", async () => {
    const asked = async (way: Way) => {
      const session = await openSession(way);
      const stream = (await send(way, "POST", session, call("test_sampling", { prompt: "Hi" }))).body?.getReader();
      const question = await readUntil(stream, "sampling/createMessage");
      const id: unknown = JSON.parse(/^data: (\{.+"sampling.+)$/m.exec(question)?.[1] ?? "{}").id;
      const content = { type: "text", text: "Hello" };
      const result = { role: "assistant", model: "m", content };
      const taken = await see(await send(way, "POST", session, { jsonrpc: "2.0", id, result }));
      return { question: named(question), taken, end: named(await readUntil(stream, "LLM response: Hello")) };
    };
    expect(await asked(governed())).toEqual(await asked(direct()));
  });

  test("06-3 a form comes on the listening stream where the server sends it there", async () => {
    const asked = async (way: Way) => {
      const session = await openSession(way);
      const listening = (await send(way, "GET", session)).body?.getReader();
      const calling = send(way, "POST", session, call("test_elicitation_sep1034_defaults"));
      const form = await readUntil(listening, "elicitation/create");
      const id: unknown = JSON.parse(/^data: (\{.+"elicitation.+)$/m.exec(form)?.[1] ?? "{}").id;
      const result = { action: "accept", content: { name: "Ada", age: 36 } };
      const taken = await see(await send(way, "POST", session, { jsonrpc: "2.0", id, result }));
      const end = await see(await calling);
      await listening?.cancel();
      return { form: named(form), taken, end };
    };
    const own = await asked(direct());
    expect(own.end.body).toContain("action=accept");
    expect(await asked(governed())).toEqual(own);
  });

  test("11-4 missing session, second listening stream, DELETE and what comes after it", async () => {
    const walk = async (way: Way) => {
      const session = await openSession(way);
      const seen: unknown[] = [
        await see(await send(way, "POST", { "MCP-Protocol-Version": "2025-11-25" }, rpc("ping"))),
      ];
      const listening = await send(way, "GET", session);
      seen.push(listening.status, listening.headers.get("content-type"));
      seen.push(await see(await send(way, "GET", session)));
      await listening.body?.cancel();
      seen.push(await see(await send(way, "POST", { ...session, Accept: "application/json" }, rpc("ping"))));
      seen.push(await see(await send(way, "DELETE", session)));
      seen.push((await send(way, "POST", session, rpc("ping"))).status);
      return seen;
    };
    expect(await walk(governed())).toEqual(await walk(direct()));
  });
});

/** Reads a stream to the end of the event that holds `text`; to its end when none does. */
async function readUntil(reader: ReadableStreamDefaultReader<Uint8Array> | undefined, text: string): Promise<string> {
  const decoder = new TextDecoder();
  let read = "";
  while (reader && !(read.includes(text) && read.endsWith("\n\n"))) {
    const { value, done } = await reader.read();
    if (done) break;
    read += decoder.decode(value, { stream: true });
  }
  return read;
}

const meta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": { sampling: {}, elicitation: {}, roots: {} },
  "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
};

function modern(method: string, params: Record<string, unknown> = {}, more: Record<string, string> = {}) {
  const name = params["name"] ?? params["uri"];
  const headers = { "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": method, ...more };
  const mirrors = typeof name === "string" ? { ...headers, "Mcp-Name": name } : headers;
  return { headers: mirrors, body: rpc(method, { _meta: meta, ...params }) };
}

const modernRequests: [string, ReturnType<typeof modern>][] = [
  ["a list of prompts", modern("prompts/list")],
  ["a list of templates", modern("resources/templates/list")],
  ["discovery", modern("server/discover")],
  ["a call", modern("tools/call", { name: "test_image_content" })],
  ["a call that fails", modern("tools/call", { name: "test_error_handling" })],
  ["a call that asks", modern("tools/call", { name: "test_input_required_result_multiple_inputs" })],
  ["a prompt that asks", modern("prompts/get", { name: "test_input_required_result_prompt" })],
  [
    "a call with progress, then a question",
    modern("tools/call", { name: "test_streaming_elicitation", _meta: { ...meta, progressToken: 4 } }),
  ],
  [
    "a mirrored argument",
    modern(
      "tools/call",
      { name: "test_mirrored_argument", arguments: { region: "eu" } },
      { "Mcp-Param-Region": "=?base64?ZXU=?=" },
    ),
  ],
  [
    "a mirrored argument that disagrees",
    modern("tools/call", { name: "test_mirrored_argument", arguments: { region: "eu" } }, { "Mcp-Param-Region": "us" }),
  ],
  [
    "a capability that the client lacks",
    modern("tools/call", {
      name: "test_missing_capability",
      _meta: { ...meta, "io.modelcontextprotocol/clientCapabilities": {} },
    }),
  ],
  ["a resource that does not exist", modern("resources/read", { uri: "test://none" })],
];

describe("2026-07-28: through the gateway a client sees what it sees directly", () => {
  test.each(modernRequests)("%s", async (_, { headers, body }) => {
    const seen = await Promise.all(
      [direct(), governed()].map(async (way) => see(await send(way, "POST", headers, body))),
    );
    expect(seen[1]).toEqual(seen[0]);
  });

  test.each([
    ["tools/list", {}, 30_000],
    ["resources/list", {}, 60_000],
    ["resources/read", { uri: "test://static-text" }, 60_000],
  ])("07-10 %s: only the cache hints are rewritten", async (method, params, ttlMs) => {
    const { headers, body } = modern(method, params);
    const own = await see(await send(direct(), "POST", headers, body));
    expect(own.body).toContain('"ttlMs":60000,"cacheScope":"public"');
    const wanted = own.body.replace(
      '"ttlMs":60000,"cacheScope":"public"',
      `"ttlMs":${String(ttlMs)},"cacheScope":"private"`,
    );
    expect(await see(await send(governed(), "POST", headers, body))).toEqual({ ...own, body: wanted });
  });

  test("07-6 a subscription: acknowledgement first, then what changed, with the id of the request", async () => {
    const listen = async (way: Way) => {
      const { headers, body } = modern("subscriptions/listen", { notifications: { promptsListChanged: true } });
      const reader = (await send(way, "POST", headers, body)).body?.getReader();
      const first = await readUntil(reader, "subscriptions/acknowledged");
      const trigger = modern("tools/call", { name: "test_trigger_prompt_change" });
      await (await send(way, "POST", trigger.headers, trigger.body)).text();
      const change = await readUntil(reader, "prompts/list_changed");
      await reader?.cancel();
      return [named(first), named(change)];
    };
    expect(await listen(governed())).toEqual(await listen(direct()));
  });

  test("07-1 GET and DELETE are 405", async () => {
    for (const method of ["GET", "DELETE"]) {
      const answered = await send(governed(), method, { "MCP-Protocol-Version": "2026-07-28" });
      expect([answered.status, answered.headers.get("allow")]).toEqual([405, "POST"]);
    }
  });
});
