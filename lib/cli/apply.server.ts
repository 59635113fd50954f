import "server-only";
import type { Invocation } from "./commands";
import { CommandFailure, exits, type Exit } from "./exit-codes";
import { isGatewayRefusal, type Gateway, type GatewayRefusal } from "./gateway.server";
import { harmless } from "./paint";
import { makePlan, printPlan } from "./plan.server";
import { blockOf, stepJson, type Step } from "./plan-step";
import { Policy } from "./schema";
import type { Terminal } from "./terminal";

interface Published {
  step: Step;
  version: number | null;
}

/**
 * `policylayer apply`: publishes what `plan` shows, each policy on top of the very version that was compared. Nothing is published
 * when one file has errors or failed tests. 4 when another version is live by then; what was published before stays.
 */
export async function runApply(asked: Invocation, terminal: Terminal): Promise<Exit> {
  const base = readBase(asked);
  const reason = asked.value("reason") ?? "";
  const allowFailingTests = asked.has("allow-failing-tests");
  if (allowFailingTests && reason === "") {
    throw new CommandFailure(exits.usage, "--allow-failing-tests needs a reason", 'Give --reason "why".');
  }
  requireAnswerer(asked, terminal);
  const { gateway, steps } = await makePlan(asked, terminal);
  if (!asked.has("json")) printPlan(steps, gateway, terminal);
  refuseBlocked(steps, allowFailingTests);
  const pending = steps.filter((step) => step.action !== "none");
  if (pending.length > 0 && !asked.has("yes") && !(await isWanted(pending, gateway, terminal))) {
    throw new CommandFailure(exits.failed, "Nothing was published");
  }
  const published: Published[] = [];
  try {
    for (const step of pending) {
      const version = await publish(gateway, step, { base, reason, allowFailingTests });
      published.push({ step, version });
      if (!asked.has("json")) print({ step, version }, terminal);
    }
  } finally {
    if (asked.has("json")) terminal.out(JSON.stringify(answerOf(gateway, steps, published), null, 2));
  }
  return exits.ok;
}

/** The version to build on; undefined: the one that the comparison found. 0 is none. */
function readBase(asked: Invocation): number | null | undefined {
  const base = asked.value("base");
  if (base === null) return undefined;
  if (!/^\d{1,9}$/.test(base))
    throw new CommandFailure(exits.usage, "--base is the number of a version, or 0 for none");
  if (asked.files.length > 1) throw new CommandFailure(exits.usage, "--base is for one file");
  return base === "0" ? null : Number(base);
}

function requireAnswerer(asked: Invocation, { isInteractive }: Terminal): void {
  if (asked.has("yes") || (isInteractive && !asked.has("json") && !asked.files.includes("-"))) return;
  throw new CommandFailure(exits.usage, "Nobody is here to say yes", "Give --yes to publish without a question.");
}

function refuseBlocked(steps: readonly Step[], allowFailingTests: boolean): void {
  const blocked = steps.filter((step) => blockOf(step, allowFailingTests) !== null);
  if (blocked.length === 0) return;
  const names = blocked.map((step) => step.file).join(", ");
  const isTests = blocked.every((step) => blockOf(step, allowFailingTests) === "tests");
  const hint = isTests ? '--allow-failing-tests with --reason "…" publishes all the same.' : null;
  throw new CommandFailure(
    exits.failed,
    `Nothing was published: ${isTests ? "failed tests" : "errors"} in ${names}`,
    hint,
  );
}

function isWanted(pending: readonly Step[], gateway: Gateway, terminal: Terminal): Promise<boolean> {
  const what = pending.length === 1 ? "this policy" : `these ${pending.length} policies`;
  return terminal.confirm(`Publish ${what} on ${gateway.origin}?`);
}

interface Wish {
  /** The version to build on; undefined: the one that was compared. */
  base: number | null | undefined;
  reason: string;
  allowFailingTests: boolean;
}

/** Publishes one text. A new policy with tests that fail is made empty first, because only a publishing can allow them. */
async function publish(gateway: Gateway, step: Step, wish: Wish): Promise<number | null> {
  const { text, policy: name } = step;
  const { reason, allowFailingTests } = wish;
  const base = wish.base === undefined ? step.liveVersion : wish.base;
  try {
    if (step.id === null && base !== null) {
      throw new CommandFailure(exits.conflict, `${harmless(name)}: there is no such policy, so no version ${base}`);
    }
    const isForced = allowFailingTests && step.tests.failed > 0;
    if (step.id === null && !isForced) return await create(gateway, { name, text, reason }).then(versionOf);
    const id = step.id ?? (await create(gateway, { name, text: "", reason })).id;
    const body = { baseVersion: base, text, reason, ...(isForced ? { allowFailingTests } : {}) };
    return versionOf(await gateway.call("POST", `/api/policies/${encodeURIComponent(id)}/publish`, Policy, body));
  } catch (error) {
    if (isGatewayRefusal(error) && error.status === 409) throw conflictOf(step, base, error);
    throw error;
  }
}

function create(gateway: Gateway, body: { name: string; text: string; reason: string }): Promise<Policy> {
  return gateway.call("POST", "/api/policies", Policy, body);
}

const versionOf = (policy: Policy): number | null => policy.liveVersion;

/** Who was faster, as the gateway says. */
function conflictOf({ policy }: Step, base: number | null, { refusal }: GatewayRefusal): CommandFailure {
  const who = refusal.issues?.[0]?.message ?? refusal.title;
  const yours = base === null ? "no version" : `version ${base}`;
  const hint = "See what changed with policylayer plan, then apply again.";
  return new CommandFailure(exits.conflict, harmless(`${policy}: ${who}. Yours builds on ${yours}`), hint);
}

function print({ step, version }: Published, { out, paint }: Terminal): void {
  const verb = step.action === "create" ? "created" : "published";
  out(`${paint("green", "✓")} ${harmless(step.policy)}: ${verb}, version ${version ?? "?"} is live`);
}

function answerOf({ origin }: Gateway, steps: readonly Step[], published: readonly Published[]): object {
  const answers = steps.map((step) => {
    const done = published.find((one) => one.step === step);
    return { ...stepJson(step), published: done !== undefined, liveVersion: done ? done.version : step.liveVersion };
  });
  return { url: origin, steps: answers };
}
