import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  inputRequired,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
  type CallToolResult,
  type ClientCapabilities,
  type InputRequests,
  type JSONRPCRequest,
  type McpServer,
  type Result,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { textResult } from "./everything-tools";

/** The name of the tasks extension (SEP-2663). */
export const tasksExtension = "io.modelcontextprotocol/tasks";

interface Task {
  taskId: string;
  status: "working" | "input_required" | "completed" | "failed" | "cancelled";
  createdAt: string;
  lastUpdatedAt: string;
  ttlMs: number;
  pollIntervalMs: number;
  inputRequests?: InputRequests;
  result?: CallToolResult;
  error?: { code: number; message: string };
}

/** What a task does once it was made. `ask` waits until every question has its answer. */
type Job = (
  args: Record<string, unknown>,
  ask: (questions: InputRequests) => Promise<Answers>,
) => Promise<CallToolResult>;
type Answers = Record<string, Record<string, unknown>>;
type Handler = (request: JSONRPCRequest, ctx: ServerContext) => Promise<Result>;

const seconds = z.object({ seconds: z.number().default(1), label: z.string().default("") });
const name = z.object({ name: z.string() });
const confirm = z.object({ confirm: z.boolean() });
const question = (message: string) => inputRequired.elicit({ message, requestedSchema: confirm });

const jobs: Record<string, Job> = {
  async slow_compute(args) {
    const { seconds: length, label } = seconds.parse(args);
    // Unreferenced: an hour's work of a task that nobody waits for keeps no process alive.
    await wait(length * 1000, undefined, { ref: false });
    return textResult(`computed ${label}`);
  },
  async failing_job() {
    return { ...textResult("This job intentionally fails"), isError: true };
  },
  async protocol_error_job() {
    throw new ProtocolError(ProtocolErrorCode.InternalError, "This job intentionally breaks");
  },
  async confirm_delete(args, ask) {
    const { ok } = await ask({ ok: question(`Delete ${String(args["filename"])}?`) });
    return textResult(`deleted: ${JSON.stringify(ok)}`);
  },
  async multi_input(_args, ask) {
    return textResult(JSON.stringify(await ask({ first: question("First?"), second: question("Second?") })));
  },
  async test_tool_with_task(args) {
    return textResult(`Hello, ${String(args["user_name"])}!`);
  },
};

/** Tools that a server may only run as tasks. */
const requiredTasks = ["failing_job", "protocol_error_job", "confirm_delete", "multi_input", "test_tool_with_task"];

/** The tasks of one running server, over all its requests. */
export class TaskBook {
  private readonly tasks = new Map<string, Task>();
  private readonly waiting = new Map<string, { answers: Answers; done: (answers: Answers) => void }>();

  /** Makes the task and starts its job; answers the flat CreateTaskResult. */
  start(tool: string, args: Record<string, unknown>): Result {
    const now = new Date().toISOString();
    const taskId = randomUUID();
    const task: Task = {
      taskId,
      status: "working",
      createdAt: now,
      lastUpdatedAt: now,
      ttlMs: 600_000,
      pollIntervalMs: 200,
    };
    this.tasks.set(taskId, task);
    const created = { resultType: "task", ...task };
    void this.run(task, tool, args);
    return created;
  }

  /** Throws −32602 for a task that does not exist. */
  get(taskId: string): Task {
    const task = this.tasks.get(taskId);
    if (!task) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown task: ${taskId}`);
    return task;
  }

  cancel(taskId: string): void {
    const task = this.get(taskId);
    if (task.status === "working" || task.status === "input_required") this.set(task, { status: "cancelled" });
  }

  /** Takes the answers whose questions are open; the rest stay open. */
  update(taskId: string, answers: Answers): void {
    const task = this.get(taskId);
    const waiting = this.waiting.get(taskId);
    if (!waiting || task.status !== "input_required") return;
    const open = { ...task.inputRequests };
    for (const [key, answer] of Object.entries(answers)) {
      if (!(key in open)) continue;
      waiting.answers[key] = answer;
      delete open[key];
    }
    if (Object.keys(open).length > 0) return void this.set(task, { inputRequests: open });
    delete task.inputRequests;
    this.set(task, { status: "working" });
    this.waiting.delete(taskId);
    waiting.done(waiting.answers);
  }

  private async run(task: Task, tool: string, args: Record<string, unknown>): Promise<void> {
    const ask = (inputRequests: InputRequests) =>
      new Promise<Answers>((done) => {
        this.waiting.set(task.taskId, { answers: {}, done });
        this.set(task, { status: "input_required", inputRequests });
      });
    try {
      const result = await jobs[tool]?.(args, ask);
      if (result && task.status === "working") this.set(task, { status: "completed", result });
    } catch (error) {
      const code = error instanceof ProtocolError ? error.code : ProtocolErrorCode.InternalError;
      this.set(task, { status: "failed", error: { code, message: String(error) } });
    }
  }

  private set(task: Task, change: Partial<Task>): void {
    Object.assign(task, change, { lastUpdatedAt: new Date().toISOString() });
  }
}

/** The tools that run as tasks where the client has the extension; listed in every revision, so that definitions are the same in all. */
export function addTaskTools(server: McpServer): void {
  const now: Job = jobs["slow_compute"] ?? (() => Promise.reject(new Error("no such job")));
  server.registerTool("slow_compute", { description: "Computes for seconds", inputSchema: seconds }, (args) =>
    now(args, () => Promise.resolve({})),
  );
  const file = z.object({ filename: z.string() });
  server.registerTool("confirm_delete", { description: "Asks, then deletes nothing", inputSchema: file }, needsTask);
  server.registerTool("multi_input", { description: "Asks two questions" }, needsTask);
  server.registerTool("failing_job", { description: "Ends as a tool error" }, needsTask);
  server.registerTool("protocol_error_job", { description: "Ends as a protocol error" }, needsTask);
  server.registerTool("test_tool_with_task", { description: "Asks for a name, then greets in a task" }, () =>
    inputRequired({
      inputRequests: { user_name: inputRequired.elicit({ message: "What is your name?", requestedSchema: name }) },
    }),
  );
}

/** 2026-07-28: makes tasks of calls, and answers `tasks/get`, `tasks/update` and `tasks/cancel` (SEP-2663). */
export function runTasks(server: McpServer, book: TaskBook): void {
  addTaskMethods(server, book);
  // The SDK holds every result of `tools/call` against its own schema, which knows no tasks: so the call is answered before it.
  const handlers = server.server["_requestHandlers"] as Map<string, Handler>;
  const call = handlers.get("tools/call");
  handlers.set("tools/call", async (request, ctx) => {
    const params = z
      .object({ name: z.string(), arguments: z.record(z.string(), z.unknown()).default({}) })
      .safeParse(request.params).data;
    const started = params && (await startTask(book, params.name, params.arguments, ctx));
    if (started) return started;
    if (!call) throw new ProtocolError(ProtocolErrorCode.MethodNotFound, "Method not found");
    return call(request, ctx);
  });
}

async function startTask(
  book: TaskBook,
  tool: string,
  args: Record<string, unknown>,
  ctx: ServerContext,
): Promise<Result | null> {
  if (!(tool in jobs)) return null;
  if (!hasTasks(ctx)) {
    if (requiredTasks.includes(tool)) requireTasks(ctx);
    return null;
  }
  if (tool !== "test_tool_with_task") return book.start(tool, args);
  const given = acceptedContent(ctx.mcpReq.inputResponses, "user_name", name);
  return given ? book.start(tool, { user_name: given.name }) : null;
}

function addTaskMethods(server: McpServer, book: TaskBook): void {
  const params = z.object({ taskId: z.string() });
  server.server.setRequestHandler("tasks/get", { params }, ({ taskId }, ctx) => {
    requireTasks(ctx);
    return { ...book.get(taskId) };
  });
  server.server.setRequestHandler("tasks/cancel", { params }, ({ taskId }, ctx) => {
    requireTasks(ctx);
    book.cancel(taskId);
    return {};
  });
  const answers = z.record(z.string(), z.record(z.string(), z.unknown()));
  server.server.setRequestHandler("tasks/update", { params: params.loose() }, ({ taskId, ...rest }, ctx) => {
    requireTasks(ctx);
    // The SDK lifts `inputResponses` out of the params of every request.
    book.update(taskId, answers.parse(ctx.mcpReq.inputResponses ?? rest["inputResponses"] ?? {}));
    return {};
  });
}

function needsTask(): CallToolResult {
  return { ...textResult("This tool runs only as a task"), isError: true };
}

function hasTasks({ mcpReq }: ServerContext): boolean {
  const envelope = mcpReq.envelope as Record<string, ClientCapabilities | undefined> | undefined;
  return envelope?.[CLIENT_CAPABILITIES_META_KEY]?.extensions?.[tasksExtension] !== undefined;
}

function requireTasks(ctx: ServerContext): void {
  const requiredCapabilities = { extensions: { [tasksExtension]: {} } };
  if (!hasTasks(ctx)) throw new MissingRequiredClientCapabilityError({ requiredCapabilities });
}
