import "server-only";
import { describeChanges } from "@/lib/policy/changes";
import type { PolicyDocument } from "@/lib/policy/document";
import { parsePolicy } from "@/lib/policy/parse";
import { runPolicyTests } from "@/lib/policy/run-tests";
import type { Invocation } from "./commands";
import { sha256 } from "./digest.server";
import { CommandFailure, exits, type Exit } from "./exit-codes";
import { openGateway, type Gateway } from "./gateway.server";
import { getPolicy, listPolicies, type PolicyIndex } from "./gateway-policies.server";
import { blockOf, planSummary, policyNameOf, stepJson, stepLines, type Step } from "./plan-step";
import { hasErrors } from "./problem-lines";
import { readFiles, type NamedText } from "./read-files";
import { Findings, type Policy } from "./schema";
import type { Terminal } from "./terminal";

/** `policylayer plan`: what `apply` would do. Changes nothing. 0 nothing, 2 changes, 1 errors or failed tests. */
export async function runPlan(asked: Invocation, terminal: Terminal): Promise<Exit> {
  const { gateway, steps } = await makePlan(asked, terminal);
  const isBlocked = steps.some((step) => blockOf(step, false) !== null);
  const isPending = steps.some((step) => step.action !== "none");
  if (asked.has("json")) terminal.out(JSON.stringify({ url: gateway.origin, steps: steps.map(stepJson) }, null, 2));
  else printPlan(steps, gateway, terminal);
  if (isBlocked)
    throw new CommandFailure(exits.failed, "This cannot be applied as it is: see the errors and failed tests");
  const { out, paint } = terminal;
  if (isPending && !asked.has("json"))
    out(paint("dim", `Next: policylayer apply ${asked.files.join(" ")} --reason "…"`));
  return isPending ? exits.pending : exits.ok;
}

export function printPlan(steps: readonly Step[], gateway: Gateway, { out, paint }: Terminal): void {
  out(paint("dim", gateway.origin));
  for (const line of steps.flatMap((step) => stepLines(step, paint))) out(line);
  out(planSummary(steps));
}

/** Compares each file with the gateway's policy of its name. Throws `CommandFailure` (64) before anything is sent when names collide. */
export async function makePlan(asked: Invocation, terminal: Terminal): Promise<{ gateway: Gateway; steps: Step[] }> {
  const gateway = openGateway(asked, terminal);
  const names = namesOf(asked);
  const texts = await readFiles(terminal, asked.files);
  const index = await listPolicies(gateway);
  const steps: Step[] = [];
  for (const [position, source] of texts.entries()) {
    steps.push(await planOne(gateway, index, names[position] ?? "", source));
  }
  return { gateway, steps };
}

function namesOf(asked: Invocation): string[] {
  const given = asked.value("policy");
  if (given !== null && asked.files.length > 1) {
    throw new CommandFailure(exits.usage, "--policy names one policy, so give it one file");
  }
  if (given === null && asked.files.includes("-")) {
    throw new CommandFailure(exits.usage, "A policy from stdin has no name: give --policy NAME");
  }
  const names = given === null ? asked.files.map(policyNameOf) : [given];
  const twice = names.find((name, position) => names.indexOf(name) !== position);
  if (twice !== undefined) throw new CommandFailure(exits.usage, `Two files would be the policy ${twice}`);
  return names;
}

async function planOne(gateway: Gateway, index: PolicyIndex, policy: string, { file, text }: NamedText): Promise<Step> {
  const known = index.get(policy);
  const live = known ? await getPolicy(gateway, known.id) : null;
  const run = runPolicyTests(text, { digest: sha256 });
  const isBroken = hasErrors(run.problems);
  const { summary, counters } = isBroken ? { summary: [], counters: [] } : changesOf(live, text);
  return {
    file,
    policy,
    text,
    action: actionOf(live, text),
    id: live?.id ?? null,
    liveVersion: live?.liveVersion ?? null,
    summary,
    counters,
    problems: isBroken ? run.problems : await problemsOf(gateway, live?.id ?? null, text),
    tests: { passed: run.passed, failed: run.failed, failures: run.results.filter((result) => !result.ok) },
  };
}

function actionOf(live: Policy | null, text: string): Step["action"] {
  if (!live) return "create";
  return live.liveVersion !== null && live.text === text ? "none" : "update";
}

/** The gateway's own findings: it is the one that publishes, it knows the servers' tools, and it may be of another version. */
async function problemsOf(gateway: Gateway, id: string | null, text: string): Promise<Step["problems"]> {
  const body = { text, ...(id === null ? {} : { policyId: id }) };
  const { problems } = await gateway.call("POST", "/api/policies/check", Findings, body);
  return problems.map(({ hint, ...problem }) => ({ ...problem, ...(hint === undefined ? {} : { hint }) }));
}

function changesOf(live: Policy | null, text: string): Pick<Step, "summary" | "counters"> {
  const after = documentOf(text);
  if (!after || (live && actionOf(live, text) === "none")) return { summary: [], counters: [] };
  const changes = describeChanges(live ? documentOf(live.text) : null, after);
  if (!live || changes.summary.length > 0) return changes;
  return { ...changes, summary: ["only comments or layout differ"] };
}

function documentOf(text: string): PolicyDocument | null {
  const parsed = parsePolicy(text);
  return parsed.ok ? parsed.document : null;
}
