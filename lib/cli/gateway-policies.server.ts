import "server-only";
import { nearest } from "@/lib/policy/nearest";
import { CommandFailure, exits } from "./exit-codes";
import type { Gateway } from "./gateway.server";
import { Policy, PolicyList } from "./schema";

/** The gateway's policies by name. */
export type PolicyIndex = ReadonlyMap<string, { id: string }>;

export async function listPolicies(gateway: Gateway): Promise<PolicyIndex> {
  const list = await gateway.call("GET", "/api/policies", PolicyList);
  return new Map(list.map(({ id, name }) => [name, { id }]));
}

/** A policy with its live text. */
export function getPolicy(gateway: Gateway, id: string): Promise<Policy> {
  return gateway.call("GET", `/api/policies/${encodeURIComponent(id)}`, Policy);
}

/** A policy by name. Throws `CommandFailure` (1) that names the nearest one. */
export async function getPolicyNamed(gateway: Gateway, name: string): Promise<Policy> {
  const index = await listPolicies(gateway);
  const found = index.get(name);
  if (found) return getPolicy(gateway, found.id);
  const names = [...index.keys()];
  const close = nearest(name, names);
  const hint = close ? `Did you mean ${close}?` : `It has: ${names.join(", ") || "none"}.`;
  throw new CommandFailure(exits.failed, `${gateway.origin} has no policy ${name}`, hint);
}
