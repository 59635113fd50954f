import "server-only";
import { findRootMembers, readString } from "@/lib/http/json-span";
import type { RpcMessage } from "@/lib/http/rpc-message";
import { readJson } from "@/lib/kernel/json";
import type { Value, ValueObject } from "@/lib/kernel/value";
import { newDecisionId } from "@/lib/ledger/ledger.server";
import { findMethodAction } from "@/lib/policy/evaluate";
import { refreshTools } from "@/lib/servers/servers.server";
import { elicitedHost, judgeElicitation } from "./elicitation-guard";
import type { Exchange, PolicyState } from "./exchange.server";
import { noteRelayed } from "./journal.server";
import { factsFor } from "./log-facts.server";
import { recordRefusal } from "./refusal-log.server";
import { pointerToken } from "./rule-pointer";
import { openUpstream } from "./transport.server";

/** What an upstream may ask of a client (MCP 2025-11-25, server requests), and under the same names inside `inputRequests`. */
const governed = new Set(["sampling/createMessage", "elicitation/create", "roots/list"]);
const elicitation = "elicitation/create";

/** Why an upstream's request is not put to the client. */
export interface Blocked {
  code: "method_denied" | "elicitation_blocked";
  rule: string;
}

/** Numbers of a form's schema may be any double; what cannot be read is not passed on. */
const limits = { depth: 64, nodes: 10_000, digits: 400, exponent: 400, folding: "allow" } as const;
const noParams: ValueObject = new Map();

/**
 * Judges what an upstream asks of the client: `methods:` of the policy that is live now, then the server's elicitation guard. Null =
 * it may be asked. Every "no" makes a row; a link that is passed on makes one with its host.
 */
export function judgeUpstreamRequest(
  exchange: Exchange,
  policy: PolicyState | null,
  method: string,
  params: Value | null,
): Blocked | null {
  if (!governed.has(method)) return null;
  const blocked = findBlock(exchange, policy, method, params);
  const object = params instanceof Map ? (params as ValueObject) : noParams;
  if (blocked) note(exchange, policy, method, blocked);
  else if (method === elicitation) noteLink(exchange, policy, object);
  return blocked;
}

/**
 * What passes of a request or notification that an upstream sends by itself: true = as it came; false = it was answered for the
 * client, which never sees it: an elicitation as declined, anything else as a method that the client does not have.
 */
export function passUpstreamCall(
  exchange: Exchange,
  policy: PolicyState | null,
  data: Uint8Array,
  message: RpcMessage,
): boolean {
  const members = findRootMembers(data);
  const member = members?.find(({ key }) => key === "method");
  const method = member ? readString(data, member) : null;
  if (method === null) return true;
  if (message.id === null) {
    if (method === "notifications/tools/list_changed") refreshTools(exchange.upstream.id);
    return true;
  }
  if (!governed.has(method)) return true;
  const span = members?.find(({ key }) => key === "params");
  const read = span ? readJson(data.subarray(span.start, span.end), limits) : null;
  if (!judgeUpstreamRequest(exchange, policy, method, read?.ok ? read.value : null)) return true;
  const id = JSON.stringify(message.id);
  const said =
    method === elicitation ? '"result":{"action":"decline"}' : '"error":{"code":-32601,"message":"Method not found"}';
  void reply(exchange, `{"jsonrpc":"2.0","id":${id},${said}}`);
  return false;
}

/** Notes that an answer was dropped on the stream of a request that did not ask for it: another's, or a second one. */
export function noteForeignAnswer(exchange: Exchange, policy: PolicyState | null): void {
  const facts = factsFor(exchange, { decisionId: newDecisionId(), method: "response", tool: null, args: null }, policy);
  void recordRefusal(facts, "(foreign answer)", "foreign_answer");
}

function findBlock(
  { upstream }: Exchange,
  policy: PolicyState | null,
  method: string,
  params: Value | null,
): Blocked | null {
  if (policy && findMethodAction(policy.compiled, method) === "deny") {
    return { code: "method_denied", rule: `/methods/${pointerToken(method)}` };
  }
  if (method !== elicitation || !upstream.elicitationGuard) return null;
  const fault =
    params instanceof Map
      ? judgeElicitation(params as ValueObject, { hosts: upstream.elicitationHosts })
      : "unreadable";
  return fault && { code: "elicitation_blocked", rule: `(${fault.replaceAll("_", " ")})` };
}

function note(exchange: Exchange, policy: PolicyState | null, method: string, { rule, code }: Blocked): void {
  const facts = factsFor(exchange, { decisionId: newDecisionId(), method, tool: null, args: null }, policy);
  void recordRefusal(facts, rule, code);
}

function noteLink(exchange: Exchange, policy: PolicyState | null, params: ValueObject): void {
  const host = elicitedHost(params);
  if (host === null) return;
  const described = { decisionId: newDecisionId(), method: elicitation, tool: null, args: null };
  void noteRelayed(factsFor(exchange, described, policy), `link to ${host.slice(0, 100)}`);
}

/** Sends the client's answer in its place. What the upstream makes of it is its own business. */
async function reply(exchange: Exchange, text: string): Promise<void> {
  const body = new TextEncoder().encode(text);
  const opened = await openUpstream(exchange, { method: "POST", body, idleMs: exchange.settings.deadlines.idleMs });
  if (opened.ok) opened.answer.discard();
}
