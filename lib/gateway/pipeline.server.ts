import "server-only";
import { dropGrant, type ServerGrant } from "@/lib/grants/grants.server";
import { toAppError } from "@/lib/kernel/errors";
import type { ValueObject } from "@/lib/kernel/value";
import { databaseTime, ledger } from "@/lib/ledger/ledger.server";
import type { CounterClaim, Guards, ReserveIntent } from "@/lib/ledger/types";
import { dropCompiled, findCompiled } from "@/lib/policies/policies.server";
import { evaluate } from "@/lib/policy/evaluate";
import type { CounterDemand, Decision, Facts, ShadowNote, ToolFacts } from "@/lib/policy/types";
import { counterFamily, counterKey } from "@/lib/quota/key";
import { dropUpstream, findUpstream, refreshTools, type Upstream } from "@/lib/servers/servers.server";
import { driftEffect } from "@/lib/servers/tool-state";
import { argNamesOf, hasLookalike } from "./arg-names";
import type { Answer } from "./answer";
import type { Call, PolicyState } from "./exchange.server";
import { factsFor } from "./log-facts.server";
import { reportFault } from "./fault-log.server";
import { dropBundleOf, findGrantAt } from "./grant-at.server";
import { claimNamed, release } from "./idempotency.server";
import type { Leave, Rail } from "./rail.server";
import {
  described,
  refusalAnswer,
  refusalOf,
  refuse,
  refuseAbsent,
  refuseMalformed,
  unavailable,
} from "./refuse.server";

/** What a decision is made with; all of it comes from caches, and the reserve transaction reads it again. */
interface State {
  grant: ServerGrant;
  upstream: Upstream;
  policy: PolicyState | null;
}

type Step = { kind: "answer"; answer: Answer } | ({ kind: "sent" } & Leave);

const attemptsMax = 3;

/**
 * The life of a governed call: facts → decision → durable reservation → relay. Every way out before the reservation is a refusal
 * that was recorded first; an error before it denies, an error after it is an unknown outcome. Never throws.
 */
export async function governCall(call: Call, rail: Rail): Promise<Answer> {
  let step: Step;
  try {
    step = await decide(call);
  } catch (error) {
    return refuseFault(call, error);
  }
  return step.kind === "answer" ? step.answer : rail.relay(call, step);
}

async function decide(call: Call): Promise<Step> {
  let state = await stateOf(call.grant, call.upstream);
  for (let attempt = 1; ; attempt++) {
    const refusal = await judge(call, state);
    if (refusal.kind === "answer") return refusal;
    const { policy } = state;
    const named = await claimNamed(call, policy);
    if (named.kind === "answer") return named;
    const reserved = await ledger().reserve(intentOf(call, state, refusal));
    if (reserved.kind !== "sent") release(named.claim);
    switch (reserved.kind) {
      case "sent":
        return {
          kind: "sent",
          ticket: reserved.ticket,
          policy,
          claim: named.claim,
          isCounted: refusal.counters.length > 0,
        };
      case "limited": {
        const { rule, message: text, retryAfterMs } = reserved;
        return answered(refusalAnswer(call, { decision: "rate_limited", rule, reason: "limit", text, retryAfterMs }));
      }
      case "denied": {
        const { rule, reason, message: text } = reserved;
        return answered(refusalAnswer(call, { decision: "deny", rule, reason, text }));
      }
      case "unavailable":
        return answered(unavailable(call));
      case "changed":
        if (attempt === attemptsMax) return answered(await refuse(call, policy, policyChanged));
        state = await nextState(call, state);
    }
  }
}

/** The rule of what a changed definition does to a call (docs/definitions.md). */
const quarantined = "(quarantined)";
const driftNote: ShadowNote = { rule: quarantined, would: "deny" };
const policyChanged = refusalOf("policy_changed", "(policy changed)", 1_000);

type Allowed = Extract<Decision, { kind: "allow" }>;
type Judged = { kind: "answer"; answer: Answer } | Allowed;

/** Everything that may refuse before a counter is looked at, in the order of the policy language, section "Order". */
async function judge(call: Call, { grant, upstream, policy }: State): Promise<Judged> {
  if (grant.state !== "active") {
    const rule = grant.state === "expired" ? "(grant expired)" : "(grant revoked)";
    return answered(await refuse(call, policy, refusalOf("grant_revoked", rule)));
  }
  if (!upstream.enabled) return answered(await refuse(call, policy, refusalOf("server_disabled", "(server disabled)")));
  const decision = policy ? evaluate(policy.compiled, policyFacts(call, grant, upstream, await databaseTime())) : null;
  if (decision?.kind === "hidden") return answered(await refuseAbsent(call, policy, "(hidden)"));
  const tool = upstream.tools.get(call.tool);
  if (!tool) {
    const answer = await refuseAbsent(call, policy, "(unknown tool)");
    setImmediate(refreshTools, upstream.id);
    return answered(answer);
  }
  const drift = driftEffect(upstream.drift, tool);
  if (drift === "deny") return answered(await refuse(call, policy, refusalOf("quarantined", quarantined)));
  if (!policy || !decision) return answered(await refuse(call, policy, refusalOf("no_policy", "(no policy)")));
  if (hasLookalike(call.args, argNamesOf(policy.compiled, call.tool))) {
    return answered(await refuseMalformed(call, "folded_key"));
  }
  if (decision.kind === "allow" && drift === "pass") return decision;
  if (decision.kind === "allow" && drift === "note")
    return { ...decision, shadow: [...(decision.shadow ?? []), driftNote] };
  if (decision.kind === "allow") {
    const refusal = { ...refusalOf("approval_required", quarantined), shadow: decision.shadow };
    return answered(await refuse(call, policy, refusal));
  }
  const { rule, shadow } = decision;
  if (decision.kind === "hold") {
    return answered(await refuse(call, policy, { ...refusalOf("approval_required", rule), shadow }));
  }
  const { reason, message: text } = decision;
  return answered(await refuse(call, policy, { decision: "deny", rule, reason, text, shadow }));
}

const noMeta: ValueObject = new Map();
const unknownTool: ToolFacts = { category: null, risk: null, annotations: new Map() };

function policyFacts(call: Call, grant: ServerGrant, upstream: Upstream, now: Date): Facts {
  const meta = call.message.params.get("_meta");
  return {
    tool: call.tool,
    args: call.args,
    grant,
    server: upstream,
    client: call.client,
    toolFacts: upstream.tools.get(call.tool) ?? unknownTool,
    meta: meta instanceof Map ? (meta as ValueObject) : noMeta,
    now: now.toISOString(),
  };
}

function intentOf(
  call: Call,
  { grant, upstream, policy }: State,
  { counters: demands, shadow }: Allowed,
): ReserveIntent {
  const guards: Guards = {
    grantId: grant.id,
    grantVersion: grant.version,
    serverId: upstream.id,
    serverVersion: upstream.version,
    policyId: grant.policyId,
    policyVersion: policy?.version ?? null,
    bundleVersion: grant.bundleVersion ?? null,
  };
  const counters = demands.map((demand) => claimOf(demand, grant, upstream));
  return Object.assign(factsFor(call, described(call), policy, shadow), { guards, counters });
}

function claimOf(demand: CounterDemand, grant: ServerGrant, upstream: Upstream): CounterClaim {
  const { counter, meaning, window, amount, per, by, limits, onUnknown, onToolError } = demand;
  const scopeIds = { grant: grant.id, policy: grant.policyId ?? "", server: upstream.id, org: grant.orgId };
  const scope = { per, scopeId: scopeIds[per], policyId: grant.policyId ?? "", counter, meaning, by };
  const [key, family] = [counterKey(scope), counterFamily(scope)];
  return { key, family, per, name: counter, window, amount, limits, onUnknown, onToolError };
}

async function stateOf(grant: ServerGrant, upstream: Upstream): Promise<State> {
  return { grant, upstream, policy: grant.policyId === null ? null : await findCompiled(grant.policyId) };
}

/** What is true now: the reservation found that something changed, so nothing cached is used. */
async function nextState(call: Call, before: State): Promise<State> {
  dropGrant(before.grant.id);
  dropUpstream(before.upstream.id);
  if (before.grant.policyId !== null) dropCompiled(before.grant.policyId);
  dropBundleOf(before.grant);
  const at = await findGrantAt(call.token, call.upstream.id);
  const upstream = await findUpstream(call.upstream.id);
  const grant = at?.grant ?? { ...before.grant, state: "revoked" as const };
  return stateOf(grant, upstream && at?.isOpen !== false ? upstream : disabled(before.upstream));
}

function disabled(upstream: Upstream): Upstream {
  return { ...upstream, enabled: false };
}

/** An error before anything was sent: a denial, never a pass. */
async function refuseFault(call: Call, error: unknown): Promise<Answer> {
  const fault = toAppError(error);
  if (fault.code === "ledger_unavailable") return unavailable(call);
  reportFault("decide", fault);
  try {
    return await refuse(call, null, refusalOf("internal", "(internal)"));
  } catch {
    return refusalAnswer(call, refusalOf("internal", "(internal)"));
  }
}

function answered(answer: Answer): { kind: "answer"; answer: Answer } {
  return { kind: "answer", answer };
}
