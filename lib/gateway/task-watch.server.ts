import "server-only";
import { findElements, findMembers, readString, type Member, type Span } from "@/lib/http/json-span";
import { applyEdits, cutSpans } from "@/lib/http/json-splice";
import type { RpcMessage } from "@/lib/http/rpc-message";
import { bindTask, isOwnTask, listOwnTasks } from "@/lib/grants/grants.server";
import { toAppError } from "@/lib/kernel/errors";
import { singleton } from "@/lib/kernel/singleton";
import type { CallRun } from "./call-run.server";
import type { Posted, RequestMessage } from "./exchange.server";
import { reportFault } from "./fault-log.server";

type Asked = Posted<RequestMessage>;
type End = "completed" | "tool_error" | "failed" | "cancelled";

/** Calls whose answer was a task that goes on; settled by what the client is later told of the task, here or never. */
const waiting = singleton<Map<string, { run: CallRun; timer: NodeJS.Timeout }>>("gateway-tasks", () => new Map());
const waitingMax = 4_096;

/**
 * A call that was answered with a task: the task is bound to its grant, and the call stays sent until a terminal status passes or its
 * total time is over (then its outcome is unknown). Resolves when the binding is durable; a failure to write it is reported only,
 * since this process knows the task.
 */
export async function takeTask(run: CallRun, taskId: string, seen: Uint8Array): Promise<void> {
  const { call } = run;
  run.isAnswered = true;
  run.keep(seen);
  const key = keyOf(call, taskId);
  if (waiting.size >= waitingMax || waiting.has(key)) run.settle({ kind: "broken", code: "upstream_error" });
  else {
    const timer = setTimeout(() => {
      waiting.delete(key);
      run.settle({ kind: "broken", code: "upstream_timeout" });
    }, run.remainingMs);
    timer.unref();
    waiting.set(key, { run, timer });
  }
  await bindTask(ownerOf(call), taskId).catch((error: unknown) => reportFault("task", toAppError(error)));
}

/** The task that a `tasks/…` request is about; null for other methods and for `tasks/list`, `""` where it names none. */
export function taskOf({ message }: Asked): string | null {
  if (!message.method.startsWith("tasks/") || message.method === "tasks/list") return null;
  const id = message.params.get("taskId");
  return typeof id === "string" ? id : "";
}

/** True when the request's grant started the task. A foreign task and an unknown one are the same. */
export async function mayAsk(posted: Asked, taskId: string): Promise<boolean> {
  return taskId !== "" && isOwnTask(ownerOf(posted), taskId);
}

/** Settles the call that started a task, when an answer about it says how it ended. */
export function noteTaskAnswer(posted: Asked, bytes: Uint8Array, message: RpcMessage): void {
  const taskId = taskOf(posted);
  const found = taskId === null ? undefined : waiting.get(keyOf(posted, taskId));
  if (!found || taskId === null || !message.result) return;
  const end = endOf(posted.message.method, bytes, message);
  if (!end) return;
  clearTimeout(found.timer);
  waiting.delete(keyOf(posted, taskId));
  found.run.entry.cancelled ||= end === "cancelled";
  found.run.settle({ kind: "task", end });
}

/** Tells the request's own tasks in the answer to its `tasks/list`; null for any other request. */
export async function ownTasksFor(posted: Posted): Promise<((taskId: string) => boolean) | null> {
  const { message } = posted;
  return message.kind === "request" && message.method === "tasks/list" ? listOwnTasks(ownerOf(posted)) : null;
}

/** A `tasks/list` answer with the grant's own tasks only; null when it cannot be read. */
export function ownTasksOnly(bytes: Uint8Array, result: Span, isOwn: (taskId: string) => boolean): Uint8Array | null {
  const list = findMembers(bytes, result)?.find(({ key }) => key === "tasks");
  const tasks = list && findElements(bytes, list);
  if (!tasks) return null;
  const kept = tasks.map((task) => {
    const id = textOf(bytes, findMembers(bytes, task), "taskId");
    return id !== null && isOwn(id);
  });
  return applyEdits(bytes, cutSpans(tasks, kept));
}

/** What `tasks/get` (status, in 2026-07-28 with the result), `tasks/result` (the result itself) or `tasks/cancel` says. */
function endOf(method: string, bytes: Uint8Array, message: RpcMessage): End | null {
  const members = message.result ? findMembers(bytes, message.result) : null;
  if (!members) return null;
  if (method === "tasks/result") return message.isError ? "tool_error" : "completed";
  const status = textOf(bytes, members, "status");
  if (status !== "completed") return status === "failed" || status === "cancelled" ? status : null;
  const inner = members.find(({ key }) => key === "result");
  const isError = inner && findMembers(bytes, inner)?.find(({ key }) => key === "isError");
  return isError && bytes[isError.start] === 0x74 ? "tool_error" : "completed";
}

function textOf(bytes: Uint8Array, members: readonly Member[] | null, key: string): string | null {
  const member = members?.find((one) => one.key === key);
  return member ? readString(bytes, member) : null;
}

function ownerOf({ grant, upstream }: Pick<Posted, "grant" | "upstream">) {
  return { orgId: grant.orgId, grantId: grant.id, serverId: upstream.id };
}

function keyOf({ upstream }: Asked, taskId: string): string {
  return `${upstream.id} ${taskId}`;
}
