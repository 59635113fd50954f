import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { singleton } from "@/lib/kernel/singleton";
import { startGatewayStack, type GatewayStack, type StackGrant } from "@/lib/testing/gateway-stack";
import { mcpPost, modern } from "@/lib/testing/mcp-post";

const policy = `
version: "1"
tools:
  build:
    rules:
      - name: "few"
        rate_limit: 1000/day
        on_unknown: hold
`;
const version = { "MCP-Protocol-Version": "2025-11-25" };

interface Sent {
  id: number;
  method: string;
  params: { taskId?: string; _meta?: Record<string, unknown> };
}

/** An upstream that answers each call with a task; it believes whoever names one. */
let statuses: Record<string, object> = {};
let seen: Sent[] = [];
let next = 0;
let server: Server;
let stack: GatewayStack;

beforeAll(async () => {
  server = createServer((incoming, outgoing) => {
    let text = "";
    incoming.on("data", (part: Buffer) => (text += part.toString()));
    incoming.on("end", () => {
      const message = JSON.parse(text) as Sent;
      seen.push(message);
      const isModern = incoming.headers["mcp-protocol-version"] === "2026-07-28";
      outgoing.writeHead(200, { "Content-Type": "application/json" });
      outgoing.end(JSON.stringify({ jsonrpc: "2.0", id: message.id, result: resultOf(message, isModern) }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const upstreamUrl = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/mcp`;
  stack = await startGatewayStack({ upstreamUrl, policy, tools: ["build"], deadlines: { totalMs: 2_500 } });
});
afterAll(async () => {
  await stack.close();
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  seen = [];
  statuses = {};
});

function resultOf({ method, params }: Sent, isModern: boolean): object {
  if (method === "tools/call") {
    const task = { taskId: `task-${String(++next)}`, status: "working", ttl: null };
    return isModern ? { resultType: "task", ...task } : { task };
  }
  if (method === "tasks/list") {
    return {
      tasks: Array.from({ length: next }, (_, at) => ({ taskId: `task-${String(at + 1)}`, status: "working" })),
    };
  }
  return statuses[params.taskId ?? ""] ?? { taskId: params.taskId, status: "working" };
}

const start = async (grant: StackGrant = stack) => {
  const message = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "build", arguments: {}, task: {} } };
  const answer = await mcpPost(grant, message, version);
  return (answer.json.result?.["task"] as { taskId: string }).taskId;
};
const ask = (method: string, taskId: string, grant: StackGrant = stack) =>
  mcpPost(grant, { jsonrpc: "2.0", id: 2, method, params: { taskId } }, version);
const outcomes = async (grant: StackGrant = stack) =>
  (await stack.log(grant)).filter((row) => row.kind === "outcome").map((row) => row.outcome);

/** The same request from a client that has the tasks extension. */
function withTasks<T extends ReturnType<typeof modern>["body"]>(body: T): T {
  const extensions = { "io.modelcontextprotocol/tasks": {} };
  const meta = { ...body.params._meta, "io.modelcontextprotocol/clientCapabilities": { extensions } };
  return { ...body, params: { ...body.params, _meta: meta } };
}

describe("P8 a task belongs to the grant whose call started it", () => {
  test.each(["tasks/get", "tasks/result", "tasks/cancel"])(
    "%s of another grant's task and of none are one answer",
    async (method) => {
      const other = await stack.twin(stack, "other");
      const taskId = await start();
      seen = [];
      const foreign = await ask(method, taskId, other);
      const unknown = await ask(method, "no-such-task", other);
      const strip = (text: string) => text.replaceAll(/"decisionId":"[^"]*"/g, "");
      expect(strip(foreign.text)).toBe(strip(unknown.text));
      expect([foreign.status, foreign.json.error?.code, foreign.json.error?.message]).toEqual([
        200,
        -32602,
        "Task not found",
      ]);
      expect(seen).toEqual([]);
      expect((await ask(method, taskId)).json.result?.["taskId"]).toBe(taskId);
      expect(seen).toHaveLength(1);
    },
  );

  test("the same in 2026-07-28", async () => {
    const other = await stack.twin(stack, "modern other");
    const call = modern("tools/call", { name: "build", arguments: {} });
    const started = await mcpPost(stack, call.body, call.headers);
    const taskId = String(started.json.result?.["taskId"]);
    for (const method of ["tasks/get", "tasks/update", "tasks/cancel"]) {
      const { body, headers } = modern(method, { taskId });
      const named = { ...headers, "Mcp-Name": taskId };
      expect((await mcpPost(other, withTasks(body), named)).json.error?.code).toBe(-32602);
      expect((await mcpPost(stack, withTasks(body), named)).json.result?.["taskId"]).toBe(taskId);
    }
  });

  test("a client without the extension hears of a task that is not its own only that it lacks the extension", async () => {
    const { body, headers } = modern("tasks/get", { taskId: "no-such-task" });
    const answer = await mcpPost(stack, body, { ...headers, "Mcp-Name": "no-such-task" });
    expect(answer.status).toBe(400);
    expect(answer.json.error?.code).toBe(-32021);
    expect(answer.json.error?.data).toEqual({
      requiredCapabilities: { extensions: { "io.modelcontextprotocol/tasks": {} } },
    });
  });

  test("a list of tasks holds one's own only, and the binding is in the database too", async () => {
    const other = await stack.twin(stack, "lister");
    const mine = await start(other);
    await start();
    singleton<Map<string, string>>("grant-tasks", () => new Map()).clear();
    const listed = await mcpPost(other, { jsonrpc: "2.0", id: 3, method: "tasks/list", params: {} }, version);
    expect((listed.json.result?.["tasks"] as { taskId: string }[]).map((task) => task.taskId)).toEqual([mine]);
    expect((await ask("tasks/get", mine, other)).json.result?.["taskId"]).toBe(mine);
  });
});

describe("11-2 a call that became a task is settled by the task's end", () => {
  const grantOf = () =>
    stack.add({
      upstreamUrl: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/mcp`,
      policy,
      tools: ["build"],
    });

  test.each([
    ["completed", { status: "completed" }, "posted"],
    ["failed", { status: "failed" }, "in_doubt"],
    ["cancelled", { status: "cancelled" }, "in_doubt"],
    ["ended as a tool error", { status: "completed", result: { isError: true, content: [] } }, "void"],
  ])("%s", async (_, status, outcome) => {
    const grant = await grantOf();
    const taskId = await start(grant);
    await ask("tasks/get", taskId, grant);
    expect(await outcomes(grant)).toEqual([]);
    statuses[taskId] = { taskId, ...status };
    await ask("tasks/get", taskId, grant);
    expect(await outcomes(grant)).toEqual([outcome]);
  });

  test("its result settles it as well", async () => {
    const grant = await grantOf();
    const taskId = await start(grant);
    statuses[taskId] = { content: [{ type: "text", text: "x" }], isError: true };
    await ask("tasks/result", taskId, grant);
    expect(await outcomes(grant)).toEqual(["void"]);
  });

  test("one of which nothing more is heard is in doubt when its time is over", async () => {
    const grant = await grantOf();
    await start(grant);
    await expect.poll(() => outcomes(grant), { timeout: 6_000 }).toEqual(["in_doubt"]);
  });
});
