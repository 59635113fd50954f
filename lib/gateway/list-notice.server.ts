import "server-only";
import { createHash } from "node:crypto";
import { findMembers, findRootMembers, readString } from "@/lib/http/json-span";
import { applyEdits, setMember } from "@/lib/http/json-splice";
import { toEvent } from "@/lib/http/sse-parse";
import type { ValueObject } from "@/lib/kernel/value";
import { isHidden } from "@/lib/policy/evaluate";
import type { Upstream } from "@/lib/servers/servers.server";
import type { PolicyState } from "./exchange.server";

const method = "notifications/tools/list_changed";
const subscriptionKey = "io.modelcontextprotocol/subscriptionId";
const acknowledged = "notifications/subscriptions/acknowledged";

/** Our own "the tool list changed" for a legacy listening stream: an event without an id, so that it is never resumed from. */
export const legacyNotice = toEvent(JSON.stringify({ jsonrpc: "2.0", method }));

/** The same for a `subscriptions/listen` stream (MCP 2026-07-28), with the id of the subscription as it is in JSON. */
export function modernNotice(idText: string): Uint8Array {
  return toEvent(
    `{"jsonrpc":"2.0","method":"${method}","params":{"_meta":{${JSON.stringify(subscriptionKey)}:${idText}}}}`,
  );
}

/** What a grant may see of a server's tools, as one digest: names and definitions, hidden ones left out. */
export function visibleList(policy: PolicyState | null, upstream: Upstream): string {
  const hash = createHash("sha256");
  for (const name of [...upstream.tools.keys()].sort()) {
    if (policy && isHidden(policy.compiled, name)) continue;
    hash.update(JSON.stringify([name, upstream.tools.get(name)?.accepted ?? ""]));
  }
  return hash.digest("base64url");
}

/** True when a `subscriptions/listen` wants to hear of changed tool lists. */
export function wantsNotices(params: ValueObject): boolean {
  const wanted = params.get("notifications");
  return wanted instanceof Map && (wanted as ValueObject).get("toolsListChanged") === true;
}

/**
 * The acknowledgement of a subscription, saying that changes of the tool list are told; null for any other message. `isAlone`: the
 * upstream itself has nothing to tell on this stream and is about to close it.
 */
export function withPromise(bytes: Uint8Array): { bytes: Uint8Array; isAlone: boolean } | null {
  const root = findRootMembers(bytes);
  const name = root?.find(({ key }) => key === "method");
  if (!name || readString(bytes, name) !== acknowledged) return null;
  const params = root?.find(({ key }) => key === "params");
  const honoured = params && findMembers(bytes, params)?.find(({ key }) => key === "notifications");
  const members = honoured && findMembers(bytes, honoured);
  if (!members) return { bytes, isAlone: false };
  const edit = setMember(honoured, members, "toolsListChanged", "true");
  return { bytes: applyEdits(bytes, [edit]), isAlone: members.length === 0 };
}
