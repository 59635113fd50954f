import { timeParts, windowEnd } from "./policy-oracle-time";
import {
  all,
  any,
  compareValue,
  globMatches,
  hasVariant,
  isObject,
  listOf,
  not,
  Num,
  order,
  own,
  plainNumber,
  stepsOf,
  sum,
  textOf,
  valuesAt,
} from "./policy-oracle-values";
import type { Json, JsonObject, Three } from "./policy-oracle-values";

// A second evaluator of the policy language: slow, obvious, written from docs/policy-language.md over the policy as plain
// JSON. It shares no code with lib/policy; the tests let the two judge the same random calls.

export interface OracleCall {
  tool: string;
  args: JsonObject;
  meta: JsonObject;
  grant: { id: string; label: string; tags: string[] };
  server: string;
  client: string | null;
  category: string | null;
  risk: string | null;
  annotations: Record<string, boolean>;
  now: string;
}

export interface OracleTerms {
  timeoutMs: number;
  approvers: string[];
  quorum: number;
  reasonRequired: boolean;
}

export interface OracleDemand {
  counter: string;
  meaning: string;
  window: string;
  amount: string;
  per: string;
  by: string[];
  onUnknown: string;
  onToolError: string;
  limits: { rule: string; max: string; inclusive: boolean; message: string | null; shadow: boolean }[];
  before: string;
  after: string;
  resetsAt: string;
}

export interface OracleAnswer {
  kind: "hidden" | "deny" | "rate_limited" | "hold" | "allow";
  rule: string;
  reason: string;
  message: string;
  shadow: { rule: string; would: string }[];
  holds: { rule: string; reason: string; message: string; terms: OracleTerms }[];
  demands: OracleDemand[];
}

/** What is already counted, by counter and the values that split it. */
export type OracleUsed = (counter: string, by: string[]) => string;

interface OracleRule {
  id: string;
  block: string;
  body: JsonObject;
  name: string;
  action: string;
  shadow: boolean;
}

/** The answer to one call. */
export function judgeByTheBook(policy: JsonObject, call: OracleCall, used: OracleUsed): OracleAnswer {
  const answer: OracleAnswer = { kind: "allow", rule: "", reason: "", message: "", shadow: [], holds: [], demands: [] };
  if (listOf(policy["hide"]).some((pattern) => globMatches(textOf(pattern) ?? "", call.tool))) {
    return { ...answer, kind: "hidden", rule: "(hidden)" };
  }
  const blocks = Object.keys(own(policy, "tools") ?? {}).filter((name) => globMatches(name, call.tool));
  if (!blocks.some((name) => name !== "*") && policy["default"] !== "allow") {
    const message = "This tool is not listed in the policy";
    return { ...answer, kind: "deny", rule: "(default deny)", reason: "default_deny", message };
  }
  const world = worldOf(call);
  const everything = Object.keys(own(policy, "tools") ?? {}).flatMap((name) => rulesOf(policy, name));
  const rules = everything.filter((rule) => blocks.includes(rule.block));
  const denials: OracleAnswer[] = [];
  for (const rule of rules) {
    const fault = faultOf(rule, everything, world);
    if (fault === null) continue;
    const holds = rule.action === "require_approval";
    if (rule.shadow) answer.shadow.push({ rule: rule.id, would: holds ? "hold" : "deny" });
    else if (holds) answer.holds.push({ rule: rule.id, ...fault, terms: termsOf(rule.body, policy) });
    else denials.push({ ...answer, kind: "deny", rule: rule.id, ...fault });
  }
  const [denial] = denials;
  if (denial) return { ...denial, holds: [] };
  answer.demands = demandsOf(rules, everything, world, used, call.now);
  const full = answer.demands.flatMap((demand) =>
    demand.limits.filter((limit) => !hasRoom(demand.after, limit)).map((limit) => ({ demand, limit })),
  );
  for (const { limit } of full) if (limit.shadow) answer.shadow.push({ rule: limit.rule, would: "rate_limited" });
  const refusal = full.find(({ limit }) => !limit.shadow);
  if (refusal) {
    const { demand, limit } = refusal;
    const plain = `Limit of ${limit.max} per ${demand.window} reached; resets at ${demand.resetsAt}`;
    return { ...answer, kind: "rate_limited", rule: limit.rule, reason: "limit", message: limit.message ?? plain };
  }
  const [hold] = answer.holds;
  return hold ? { ...answer, kind: "hold", rule: hold.rule, reason: hold.reason } : answer;
}

function hasRoom(after: string, limit: { max: string; inclusive: boolean }): boolean {
  return limit.inclusive ? order(after, limit.max) <= 0 : order(after, limit.max) < 0;
}

/** Everything that a path can name; what is not known is not there. */
function worldOf(call: OracleCall): JsonObject {
  const time = timeParts(call.now);
  return {
    args: call.args,
    meta: call.meta,
    grant: { ...call.grant },
    server: { name: call.server },
    client: call.client === null ? {} : { name: call.client },
    tool: {
      name: call.tool,
      annotations: call.annotations,
      ...(call.category === null ? {} : { category: call.category }),
      ...(call.risk === null ? {} : { risk: call.risk }),
    },
    time: { ...time, hour: new Num(String(time.hour)), minute: new Num(String(time.minute)) },
  };
}

function rulesOf(policy: JsonObject, block: string): OracleRule[] {
  const escaped = (name: string): string => name.split("~").join("~0").split("/").join("~1");
  const bodies = listOf(own(own(own(policy, "tools"), block), "rules")).filter(isObject);
  return bodies.flatMap((body) => {
    const name = textOf(body["name"]) ?? "";
    const mode = textOf(body["mode"]) ?? "enforce";
    if (mode === "off") return [];
    const id = `/tools/${escaped(block)}/rules/${escaped(name)}`;
    return [{ id, block, body, name, action: textOf(body["action"]) ?? "evaluate", shadow: mode === "shadow" }];
  });
}

function truthOf(condition: Json, world: JsonObject): Three {
  if (!isObject(condition)) return "type";
  if (condition["any"] !== undefined) return any(listOf(condition["any"]).map((item) => truthOf(item, world)));
  if (condition["all"] !== undefined) return all(listOf(condition["all"]).map((item) => truthOf(item, world)));
  if (condition["not"] !== undefined) return not(truthOf(condition["not"], world));
  const [path, op] = [textOf(condition["path"]) ?? "", textOf(condition["op"]) ?? ""];
  const steps = stepsOf(path);
  const values = valuesAt(world, steps);
  const truths = values.map((value) => compareValue(op, condition["value"] ?? null, value));
  const skips = condition["if_absent"] === "skip";
  const truth = all(skips ? truths.sort((a, b) => Number(b === "type") - Number(a === "type")) : truths);
  const fromRequest = path.startsWith("args") || path.startsWith("meta");
  const inDoubt = values.includes(undefined) && fromRequest && hasVariant(world, steps);
  if (op === "exists") return inDoubt ? "absent" : truth;
  if (truth !== "absent" || !skips) return truth;
  return inDoubt ? "absent" : false;
}

function isBound(condition: Json): condition is JsonObject {
  return isObject(condition) && (textOf(condition["path"]) ?? "").startsWith("state");
}

/** The guard of a rule: `when`, or the `conditions` of a rule that holds. */
function guardOf(rule: OracleRule, world: JsonObject): Three {
  const { body, action } = rule;
  const items = [...listOf(body["when"]), ...(action === "require_approval" ? listOf(body["conditions"]) : [])];
  return all(items.map((item) => truthOf(item, world)));
}

function faultOf(
  rule: OracleRule,
  everything: OracleRule[],
  world: JsonObject,
): { reason: string; message: string } | null {
  const denied = `Denied by rule "${rule.name}"`;
  const said = textOf(rule.body["on_deny"]) ?? denied;
  const guard = guardOf(rule, world);
  if (guard === false) return null;
  if (rule.action !== "evaluate") return { reason: guard === true ? "rule" : guard, message: said };
  const conditions = listOf(rule.body["conditions"]).filter((item) => !isBound(item));
  const truth = all(conditions.map((item) => truthOf(item, world)));
  if (truth !== true) return { reason: truth === false ? "rule" : truth, message: said };
  const source = countingOf(rule);
  if (source?.from && amountAt(source.from, world) === null) {
    return { reason: "amount", message: `${denied}: ${source.from} must be a number of 0 or more` };
  }
  const counters = [...(source ? [source.counter] : []), ...boundsOf(rule).map(({ counter }) => counter)];
  const by = [...new Set(counters.flatMap((counter) => definitionOf(counter, everything)?.by ?? []))];
  const fault = splitFault(by, world);
  const message = `${denied}: ${by.join(" and ")} must be a text, a number or a boolean`;
  return fault === null ? null : { reason: fault, message };
}

function amountAt(path: string, world: JsonObject): string | null {
  const [value] = valuesAt(world, stepsOf(path));
  return value instanceof Num && order(value.text, "0") >= 0 ? plainNumber(value.text) : null;
}

function splitFault(by: string[], world: JsonObject): "absent" | "type" | null {
  for (const path of by) {
    const [value] = valuesAt(world, stepsOf(path));
    if (value === undefined || value === null) return "absent";
    if (Array.isArray(value) || isObject(value)) return "type";
  }
  return null;
}

function splitText(path: string, world: JsonObject): string {
  const [value] = valuesAt(world, stepsOf(path));
  return value instanceof Num ? plainNumber(value.text) : JSON.stringify(value ?? null);
}

interface OracleCounting {
  counter: string;
  what: string;
  window: string;
  from: string | null;
  fixed: string;
  per: string;
  by: string[];
  onUnknown: string;
  onToolError: string;
}

function counterOf(scope: string, name: string): string {
  const odd = (text: string): boolean => text === "" || /[.[\]"\s]/.test(text);
  const quoted = (text: string): string => `[${JSON.stringify(text)}]`;
  const first = scope === "*" ? "_global" : odd(scope) ? quoted(scope) : scope;
  return odd(name) ? first + quoted(name) : `${first}.${name}`;
}

/** What a rule counts. */
function countingOf(rule: OracleRule): OracleCounting | null {
  const { body, block, name } = rule;
  const rate = textOf(body["rate_limit"])?.split("/")[1];
  const part = body["limit"] ?? body["state"];
  if (rate === undefined && !isObject(part)) return null;
  const map = isObject(part) ? part : {};
  const window = rate ?? textOf(map["window"]) ?? "";
  const from = textOf(map["sum"]) ?? textOf(map["increment_from"]);
  const fixed = map["increment"] instanceof Num ? plainNumber(map["increment"].text) : "1";
  const by = [...new Set(listOf(map["by"]).map((path) => textOf(path) ?? ""))];
  const given = rate !== undefined ? `_rate_${rate}${body["when"] === undefined ? "" : `/${name}`}` : null;
  return {
    counter: counterOf(block, given ?? textOf(map["counter"]) ?? `_limit/${name}`),
    what: `${from ? `sum ${from}` : fixed} per ${window}${by.length === 0 ? "" : ` by ${by.join(", ")}`}`,
    window,
    from,
    fixed,
    per: textOf(map["per"]) ?? "grant",
    by,
    onUnknown: textOf(body["on_unknown"]) ?? (from ? "hold" : "release"),
    onToolError: textOf(body["on_tool_error"]) ?? "void",
  };
}

/** The bounds that a rule puts on counters: conditions on `state`, and the maximum of a short limit. */
function boundsOf(rule: OracleRule): { counter: string; max: string; inclusive: boolean }[] {
  const { body } = rule;
  const written = rule.action === "evaluate" ? listOf(body["conditions"]).filter(isBound) : [];
  const bounds = written.map((item) => {
    const [, tool, counter] = stepsOf(textOf(item["path"]) ?? "").map((step) =>
      typeof step === "object" && "key" in step ? step.key : "",
    );
    const max = item["value"] instanceof Num ? plainNumber(item["value"].text) : "";
    return { counter: counterOf(tool ?? "", counter ?? ""), max, inclusive: item["op"] === "lte" };
  });
  const counting = countingOf(rule);
  const most = own(body["limit"], "max");
  const short = textOf(body["rate_limit"])?.split("/")[0] ?? (most instanceof Num ? most.text : null);
  if (counting && short !== null) bounds.push({ counter: counting.counter, max: plainNumber(short), inclusive: true });
  return bounds;
}

/** A counter as the last rule that counts it describes it, wherever that rule stands. */
function definitionOf(counter: string, rules: OracleRule[]): OracleCounting | null {
  const countings = rules.map(countingOf).filter((one) => one !== null);
  return countings.findLast((one) => one.counter === counter) ?? null;
}

function demandsOf(
  rules: OracleRule[],
  everything: OracleRule[],
  world: JsonObject,
  used: OracleUsed,
  now: string,
): OracleDemand[] {
  const mentioned = rules.flatMap((rule) => {
    const counting = countingOf(rule);
    return [...(counting ? [counting.counter] : []), ...boundsOf(rule).map((bound) => bound.counter)];
  });
  return [...new Set(mentioned)].flatMap((counter) => {
    const definition = definitionOf(counter, everything);
    if (!definition) return [];
    const sources = rules.filter((rule) => countingOf(rule)?.counter === counter);
    const moving = sources.filter((rule) => guardOf(rule, world) !== false);
    const limits = rules
      .filter((rule) => guardOf(rule, world) !== false)
      .flatMap((rule) => boundsOf(rule).map((bound) => ({ bound, rule })))
      .filter(({ bound }) => bound.counter === counter)
      .map(({ bound: { max, inclusive }, rule: { id, body, shadow } }) => {
        return { rule: id, max, inclusive, message: textOf(body["on_deny"]), shadow };
      });
    if (moving.length === 0 && limits.length === 0) return [];
    if (splitFault(definition.by, world) !== null) return [];
    const by = definition.by.map((path) => splitText(path, world));
    const { from, fixed, window, per, what } = definition;
    const amount = moving.length === 0 ? "0" : from === null ? fixed : (amountAt(from, world) ?? "0");
    const before = plainNumber(used(counter, by));
    const totals = { before, after: sum(before, amount), resetsAt: windowEnd(now, window) };
    return [{ counter, meaning: what, window, amount, per, by, limits, ...settlementOf(sources), ...totals }];
  });
}

/** What lost outcomes and failed tools do: the stricter word of all rules that count, shadow ones only among themselves. */
function settlementOf(sources: OracleRule[]): { onUnknown: string; onToolError: string } {
  const enforced = sources.filter((rule) => !rule.shadow);
  const speaking = (enforced.length > 0 ? enforced : sources).map(countingOf);
  return {
    onUnknown: speaking.some((one) => one?.onUnknown === "hold") ? "hold" : "release",
    onToolError: speaking.some((one) => one?.onToolError === "post") ? "post" : "void",
  };
}

const unitMs: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function milliseconds(text: string): number {
  return Number(text.slice(0, -1)) * (unitMs[text.slice(-1)] ?? 0);
}

/** A rule's own words, then the document's, then those of the language. */
function termsOf(body: JsonObject, policy: JsonObject): OracleTerms {
  const said = (key: string): Json | undefined => own(body["approval"], key) ?? own(policy["approvals"], key);
  const timeout = textOf(body["approval_timeout"]) ?? textOf(said("timeout")) ?? "30m";
  const quorum = said("quorum");
  const approvers = said("approvers");
  return {
    timeoutMs: milliseconds(timeout),
    approvers: approvers === undefined ? ["policy_manager"] : listOf(approvers).map((name) => textOf(name) ?? ""),
    quorum: quorum instanceof Num ? Number(quorum.text) : 1,
    reasonRequired: said("reason_required") === true,
  };
}
