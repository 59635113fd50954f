import type { JSONSchema } from "monaco-yaml";
import { expectWords, ruleModes } from "@/lib/policy/document";
import { operators, type Operator } from "@/lib/policy/operators";
import { counterPers } from "@/lib/quota/key";
import { windows } from "@/lib/quota/window";

const operatorWords: Record<Operator, string> = {
  eq: "equal to the value",
  neq: "not equal to the value",
  in: "equal to one of a list",
  not_in: "equal to none of a list",
  lt: "less than the number",
  lte: "at most the number",
  gt: "more than the number",
  gte: "at least the number",
  regex: "text that matches an RE2 pattern",
  contains: "text or list that holds the value",
  not_contains: "text or list that does not hold the value",
  starts_with: "text that begins so",
  ends_with: "text that ends so",
  glob: "text that a pattern with * and ? covers as a whole",
  exists: "present and not null (true), or the reverse (false)",
};

const text = (description: string): JSONSchema => ({ type: "string", description });
const oneOf = (words: readonly string[], description: string): JSONSchema => ({ enum: [...words], description });

const condition: JSONSchema = {
  type: "object",
  properties: {
    path: {
      type: "string",
      description:
        "What is looked at: `args.amount`, `state.<tool>.<counter>`, `grant.tags`, `tool.category`, `time.hour`, `meta.<key>`.",
      examples: ["args.amount", "args.currency", "grant.tags", "tool.category", "time.hour", "client.name"],
    },
    op: {
      description: "How it is compared.",
      enum: Object.keys(operators),
      enumDescriptions: Object.keys(operators).map((name) => operatorWords[name as Operator]),
    },
    value: { description: "What it is compared with. Numbers are exact decimals." },
    if_absent: oneOf(["restrict", "skip"], "What an absent value means; left out: the restrictive way."),
    any: { type: "array", description: "One of these must be true." },
    all: { type: "array", description: "All of these must be true." },
    not: { type: "object", description: "This must be false." },
  },
};

const split: Record<string, JSONSchema> = {
  window: oneOf(windows, "When it starts again, aligned in UTC."),
  per: oneOf(counterPers, "Whose calls count together; left out: those of one grant."),
  by: { type: "array", items: { type: "string" }, description: "Arguments whose values are counted apart." },
};

const state: JSONSchema = {
  type: "object",
  description: "A counter that allowed calls move. A condition on `state.<tool>.<counter>` bounds it.",
  properties: {
    counter: text("The counter's name."),
    increment: { type: "number", description: "How much a call counts. Default 1." },
    increment_from: text("Counts an argument instead, such as `args.amount`."),
    ...split,
  },
};

const limit: JSONSchema = {
  type: "object",
  description: "At most `max` per window: of calls, or of the argument that `sum` names.",
  properties: {
    sum: text("Sums an argument, such as `args.amount`; left out, calls are counted."),
    max: { type: "number", description: "The most that is let through." },
    ...split,
  },
};

const approval: JSONSchema = {
  type: "object",
  description: "Who decides about a held call, and how long it waits.",
  properties: {
    timeout: { type: "string", description: "How long it waits.", examples: ["30m", "4h", "1d"] },
    approvers: { type: "array", items: { type: "string" }, description: "Roles, or ids of people." },
    quorum: { type: "number", description: "How many of them must agree." },
    reason_required: { type: "boolean", description: "Whether a reason must be given." },
  },
};

const conditions = (description: string): JSONSchema => ({ type: "array", items: condition, description });

const rule: JSONSchema = {
  type: "object",
  properties: {
    name: text("Unique in its tool. Shown in the log."),
    action: {
      enum: ["evaluate", "deny", "require_approval"],
      enumDescriptions: [
        "every condition must hold, else the call is denied",
        "the call is denied",
        "a person must approve the call",
      ],
    },
    mode: oneOf(ruleModes, "`shadow` is judged and logged but never enforced; `off` is only checked."),
    when: conditions("A guard: the rule is for calls where these hold."),
    conditions: conditions("What must be true, all of it."),
    on_deny: text("What the agent is told."),
    rate_limit: {
      type: "string",
      description: "`<count>/<window>`",
      examples: ["60/minute", "500/hour", "5/day", "20/week"],
    },
    limit,
    state,
    approval,
    on_unknown: oneOf(["hold", "release"], "What a lost outcome does to the quota."),
    on_tool_error: oneOf(["void", "post"], "What an answer with `isError` does to the quota."),
    description: text("For people."),
  },
  defaultSnippets: [
    {
      label: "rule: cap one amount",
      body: {
        name: "max single amount",
        conditions: [{ path: "args.amount", op: "lte", value: 50000 }],
        on_deny: "The amount is too large",
      },
    },
    {
      label: "rule: daily cap of a sum",
      body: { name: "daily cap", limit: { sum: "args.amount", max: 1000000, window: "day" } },
    },
    { label: "rule: rate limit", body: { name: "rate limit", rate_limit: "60/minute" } },
    { label: "rule: deny", body: { name: "never", action: "deny", on_deny: "This is not allowed" } },
  ],
};

const policyTest: JSONSchema = {
  type: "object",
  properties: {
    name: text("What the policy guarantees."),
    call: {
      type: "object",
      properties: { tool: { type: "string" }, args: { type: "object", description: "Arguments of the call." } },
    },
    given: {
      type: "object",
      description: "What is given beside the call: `state`, `grant`, `server`, `client`, `tool`, `meta`, `now`.",
      properties: {
        state: { type: "object", description: "What is already counted, by `<tool>.<counter>`." },
        now: text("Time of the call, such as `2026-01-31T12:00:00Z`."),
      },
    },
    expect: oneOf(expectWords, "The answer that must come."),
    rule: text("The rule that must decide, by name."),
  },
};

/** What the editor completes and explains. Not a validation: the product's own check is the only one. */
export const policyHints: JSONSchema = {
  type: "object",
  properties: {
    version: { enum: ["1"], description: "Version of the language. Required." },
    description: text("What this policy is for."),
    default: oneOf(["deny", "allow"], "What happens to tools that nothing below lists. Deny when left out."),
    hide: {
      type: "array",
      items: { type: "string" },
      description: "Tools that agents never see. Globs such as `drop_*` work.",
    },
    tools: {
      type: "object",
      description: 'By tool name, or `"*"` for every call.',
      additionalProperties: {
        type: "object",
        properties: { rules: { type: "array", items: rule, description: "No rules = allowed." } },
      },
    },
    methods: { type: "object", description: "Methods other than tool calls, each `deny` or `allow`." },
    approvals: { ...approval, description: "What goes for every rule that asks for approval and does not say." },
    tests: { type: "array", items: policyTest, description: "Calls with the answer that must come." },
  },
};
