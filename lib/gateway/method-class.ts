import { revisions, type Revision } from "./revision";

/** How a method is governed; `unknown` = not defined by the revision of the request. */
export type MethodClass = "lifecycle" | "tool_call" | "tool_list" | "list" | "content" | "unknown";

interface Row {
  class: Exclude<MethodClass, "unknown">;
  /** First and last revision that defines the method. */
  since: Revision;
  until: Revision;
}

const first = "2025-03-26";
const tasks = "2025-11-25";
const modern = "2026-07-28";
const row = (cls: Row["class"], since: Revision = first, until: Revision = modern): Row => ({
  class: cls,
  since,
  until,
});
const legacy = (cls: Row["class"]): Row => row(cls, first, tasks);

/** What a client may send, by the schemas of the four revisions. */
const table: ReadonlyMap<string, Row> = new Map([
  ["initialize", legacy("lifecycle")],
  ["ping", legacy("lifecycle")],
  ["server/discover", row("lifecycle", modern)],
  ["notifications/initialized", legacy("lifecycle")],
  ["notifications/cancelled", row("lifecycle")],
  ["notifications/progress", row("lifecycle")],
  ["notifications/roots/list_changed", legacy("lifecycle")],
  ["notifications/tasks/status", row("lifecycle", tasks, tasks)],
  ["tools/call", row("tool_call")],
  ["tools/list", row("tool_list")],
  ["resources/list", row("list")],
  ["resources/templates/list", row("list")],
  ["prompts/list", row("list")],
  ["resources/read", row("content")],
  ["resources/subscribe", legacy("content")],
  ["resources/unsubscribe", legacy("content")],
  ["prompts/get", row("content")],
  ["completion/complete", row("content")],
  ["logging/setLevel", legacy("content")],
  ["subscriptions/listen", row("content", modern)],
  ["tasks/get", row("content", tasks)],
  ["tasks/cancel", row("content", tasks)],
  ["tasks/result", row("content", tasks, tasks)],
  ["tasks/list", row("content", tasks, tasks)],
  ["tasks/update", row("content", modern)],
]);

/**
 * The class of `method` in `revision`. A request may not use a notification's name, nor the reverse: both are `unknown`.
 */
export function classOf(method: string, revision: Revision, isNotification: boolean): MethodClass {
  const found = table.get(method);
  if (!found || method.startsWith("notifications/") !== isNotification) return "unknown";
  const at = revisions.indexOf(revision);
  return at >= revisions.indexOf(found.since) && at <= revisions.indexOf(found.until) ? found.class : "unknown";
}
