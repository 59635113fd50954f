import type { JSONSchema } from "monaco-yaml";

const condition: JSONSchema = {
  type: "object",
  properties: {
    path: {
      type: "string",
      description: "What is looked at: `args.amount`, or `state.<tool>.<counter>` for a counter.",
      examples: ["args.amount", "args.currency", "state.create_charge.daily_spend"],
    },
    op: {
      description: "How it is compared.",
      enum: ["eq", "neq", "in", "not_in", "lt", "lte", "gt", "gte", "regex", "contains", "exists"],
      enumDescriptions: [
        "equal to the value",
        "not equal to the value",
        "equal to one of a list",
        "equal to none of a list",
        "less than the number",
        "at most the number",
        "more than the number",
        "at least the number",
        "text that matches an RE2 pattern",
        "text or list that holds the value",
        "present and not null (true), or the reverse (false)",
      ],
    },
    value: { description: "What it is compared with. Numbers are exact decimals." },
  },
};

const state: JSONSchema = {
  type: "object",
  description: "A counter that allowed calls move. A condition on `state.<tool>.<counter>` bounds it.",
  properties: {
    counter: { type: "string", description: "The counter's name." },
    window: { enum: ["minute", "hour", "day"], description: "When it starts again, aligned in UTC." },
    increment: { type: "number", description: "How much a call counts. Default 1." },
    increment_from: { type: "string", description: "Counts an argument instead, such as `args.amount`." },
  },
};

const rule: JSONSchema = {
  type: "object",
  properties: {
    name: { type: "string", description: "Unique in its tool. Shown in the log." },
    action: {
      enum: ["evaluate", "deny"],
      enumDescriptions: ["every condition must hold, else the call is denied", "the call is denied"],
    },
    conditions: { type: "array", items: condition, description: "What must be true, all of it." },
    on_deny: { type: "string", description: "What the agent is told." },
    rate_limit: { type: "string", description: "`<count>/<window>`", examples: ["60/minute", "500/hour", "5/day"] },
    state,
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
    { label: "rule: rate limit", body: { name: "rate limit", rate_limit: "60/minute" } },
    { label: "rule: deny", body: { name: "never", action: "deny", on_deny: "This is not allowed" } },
  ],
};

/** What the editor completes and explains. Not a validation: the product's own check is the only one. */
export const policyHints: JSONSchema = {
  type: "object",
  properties: {
    version: { enum: ["1"], description: "Version of the language. Required." },
    description: { type: "string", description: "What this policy is for." },
    default: {
      enum: ["deny", "allow"],
      description: "What happens to tools that nothing below lists. Deny when left out.",
    },
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
  },
};
