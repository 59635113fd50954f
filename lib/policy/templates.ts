import { shown } from "./template-fill";
import type { FillValue, FillValues } from "./template-fill";

interface ValueInfo {
  /** Its name in the marks of the template's text. */
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
}

/** One value that a template asks for; `default` is what stands in its text. */
export type TemplateValue = ValueInfo &
  (
    | { readonly kind: "number"; readonly default: number; readonly least: number; readonly most: number }
    | { readonly kind: "text"; readonly default: string; readonly shape: Shape }
    | { readonly kind: "list"; readonly default: readonly string[]; readonly shape: Shape }
  );

/** What a text may be, and how the refusal of another one ends: "Wanted: …". */
interface Shape {
  readonly pattern: RegExp;
  readonly wanted: string;
}

export interface TemplateInfo {
  /** Name of its file in `lib/policy/templates`, without `.yaml`. */
  readonly id: string;
  readonly title: string;
  /** What it does, in one sentence; `{name}` stands for a value. */
  readonly sentence: string;
  /** For which servers. */
  readonly servers: string;
  /** `policy` governs a whole server, `block` is one rule or two to begin with. */
  readonly kind: "policy" | "block";
  readonly values: readonly TemplateValue[];
}

const toolName: Shape = { pattern: /^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,99}$/, wanted: "the name of one tool" };
const toolPattern: Shape = {
  pattern: /^[A-Za-z0-9_.:/-]{3}[A-Za-z0-9_.:/*?-]{0,97}$/,
  wanted: "a tool or how its name begins, such as delete_*",
};
const anyText: Shape = { pattern: /^.{1,300}$/su, wanted: "a text of 1 to 300 characters" };
const currency: Shape = { pattern: /^[A-Za-z0-9]{2,12}$/, wanted: "a code such as usd" };
const minorUnit = "In the minor unit of the currency: 10000 is $100.00";

const number = (name: string, label: string, standard: number, most: number, hint?: string): TemplateValue => ({
  kind: "number",
  name,
  label,
  default: standard,
  least: 1,
  most,
  ...(hint === undefined ? {} : { hint }),
});
const amount = (name: string, label: string, standard: number) => number(name, label, standard, 1e12, minorUnit);
const count = (name: string, label: string, standard: number) => number(name, label, standard, 1e6);
const tool = (standard: string): TemplateValue => ({
  kind: "text",
  name: "tool",
  label: "Tool",
  default: standard,
  shape: toolName,
});
const currencies = (standard: readonly string[]): TemplateValue => ({
  kind: "list",
  name: "currencies",
  label: "Currencies",
  hint: "As the server writes them: usd and USD are two",
  default: standard,
  shape: currency,
});

/** The templates that come with the product, in the order in which they are shown. */
export const policyTemplates: readonly TemplateInfo[] = [
  {
    id: "payments-starter",
    title: "Payments starter",
    sentence:
      "Refunds from {refund_hold} on wait for a person, charges end at {charge_ceiling} each and {daily_cap} a day, payouts are few.",
    servers: "Stripe and other payments servers",
    kind: "policy",
    values: [
      amount("refund_hold", "Refunds wait from", 100_000),
      amount("charge_ceiling", "Ceiling of one charge", 1_000_000),
      amount("daily_cap", "Charges a day, per currency", 5_000_000),
      currencies(["usd", "eur", "gbp"]),
      { kind: "text", name: "payout_currency", label: "Currency of payouts", default: "usd", shape: currency },
      count("payouts", "Payouts a day", 3),
      count("calls", "Calls a minute", 30),
    ],
  },
  {
    id: "payments-tutorial",
    title: "Spend control",
    sentence: "Caps on single charges and per day, two currencies, few refunds, hidden deletions.",
    servers: "The demo's payments server",
    kind: "policy",
    values: [],
  },
  {
    id: "read-only",
    title: "Read only",
    sentence: "Tools that read are allowed, {calls} calls a minute; everything else is denied.",
    servers: "Any server whose tools were scanned",
    kind: "policy",
    values: [count("calls", "Calls a minute", 60)],
  },
  {
    id: "github",
    title: "GitHub",
    sentence: "Agents work on branches of their own in repositories of {owners}; merges wait for a person.",
    servers: "GitHub's own MCP server",
    kind: "policy",
    values: [
      {
        kind: "list",
        name: "owners",
        label: "Owners",
        hint: "Users and organisations whose repositories agents may touch",
        default: ["your-organisation"],
        shape: { pattern: /^[A-Za-z0-9_-]{1,39}$/, wanted: "the login of a user or an organisation" },
      },
      {
        kind: "list",
        name: "branches",
        label: "Protected branches",
        hint: "Branches that begin with “release” are protected as well",
        default: ["main", "master", "production"],
        shape: { pattern: /^[A-Za-z0-9_][A-Za-z0-9_./-]{0,99}$/, wanted: "the short name of a branch" },
      },
      count("pulls", "Pull requests an hour", 10),
      count("changes", "Changes an hour", 60),
      count("calls", "Calls a minute", 60),
    ],
  },
  {
    id: "postgresql",
    title: "PostgreSQL",
    sentence: "One reading statement a call, at most 1,000 rows, {statements} statements a minute.",
    servers: "Servers whose tools take SQL: execute_sql, query, explain_query",
    kind: "policy",
    values: [count("statements", "Statements a minute", 30)],
  },
  {
    id: "slack",
    title: "Slack",
    sentence: "Short messages to {channels}, {messages} an hour; no direct messages, nobody is alarmed.",
    servers: "The reference Slack server",
    kind: "policy",
    values: [
      {
        kind: "list",
        name: "channels",
        label: "Channels",
        hint: "Ids, which Slack shows at the end of a channel's details",
        default: ["C0000000001", "C0000000002"],
        shape: { pattern: /^[CG][A-Z0-9]{8,23}$/, wanted: "the id of a channel, such as C0000000001" },
      },
      count("messages", "Messages an hour", 20),
    ],
  },
  {
    id: "aws",
    title: "AWS",
    sentence: "Only {regions}, no deletions, {resources} new resources a day; access rights wait for an admin.",
    servers: "AWS servers that take a line of the AWS CLI, or have a tool per operation",
    kind: "policy",
    values: [
      {
        kind: "list",
        name: "regions",
        label: "Regions",
        default: ["eu-central-1", "us-east-1"],
        shape: { pattern: /^[a-z]{2}(-[a-z]{1,12}){1,3}-[0-9]{1,2}$/, wanted: "a region such as eu-central-1" },
      },
      count("resources", "New resources a day", 10),
      count("commands", "Commands a minute", 20),
    ],
  },
  {
    id: "refunds-wait",
    title: "Refunds over an amount wait",
    sentence: "{tool} from {amount} on waits for a person.",
    servers: "Payments servers",
    kind: "block",
    values: [tool("create_refund"), amount("amount", "Waits from", 10_000)],
  },
  {
    id: "daily-spend-cap",
    title: "Daily spend cap per currency",
    sentence: "{tool} spends at most {cap} a day in each currency.",
    servers: "Payments servers",
    kind: "block",
    values: [tool("create_charge"), amount("cap", "Cap a day", 1_000_000)],
  },
  {
    id: "call-throttle",
    title: "Call throttle",
    sentence: "{tool} is called at most {per_minute} times a minute and {per_day} times a day.",
    servers: "Any server",
    kind: "block",
    values: [tool("send_email"), count("per_minute", "Calls a minute", 10), count("per_day", "Calls a day", 200)],
  },
  {
    id: "currency-allow-list",
    title: "Currency allow-list",
    sentence: "{tool} takes {currencies} and nothing else.",
    servers: "Payments servers",
    kind: "block",
    values: [tool("create_charge"), currencies(["usd", "eur"])],
  },
  {
    id: "require-reason",
    title: "Require a reason",
    sentence: "{tool} needs a reason of at least {length} characters.",
    servers: "Any server whose tools take a reason",
    kind: "block",
    values: [
      tool("create_refund"),
      { kind: "number", name: "length", label: "Characters at least", default: 10, least: 2, most: 500 },
      { kind: "text", name: "message", label: "What the agent reads", default: "Say in `reason` why", shape: anyText },
    ],
  },
  {
    id: "no-destructive-tools",
    title: "No destructive tools",
    sentence: "Everything but destruction is allowed; {hidden} are hidden.",
    servers: "Any server whose tools were scanned",
    kind: "block",
    values: [
      {
        kind: "list",
        name: "hidden",
        label: "Hidden tools",
        default: ["delete_*", "drop_*", "remove_*", "purge_*", "destroy_*"],
        shape: toolPattern,
      },
    ],
  },
  {
    id: "business-hours",
    title: "Business hours",
    sentence: "{tool} works from Monday to Friday, {from}:00 to {until}:00 UTC.",
    servers: "Any server",
    kind: "block",
    values: [
      tool("create_payout"),
      { kind: "number", name: "from", label: "From", hint: "Hour in UTC", default: 8, least: 1, most: 12 },
      { kind: "number", name: "until", label: "Until", hint: "Hour in UTC", default: 18, least: 13, most: 23 },
    ],
  },
];

const listMax = 100;

export interface ValueProblem {
  readonly name: string;
  readonly message: string;
}

export type ReadValues = { ok: true; values: FillValues } | { ok: false; problems: readonly ValueProblem[] };

/** How people write a default: as `readValues` takes it. */
export function inputOf(value: TemplateValue): string {
  return shown(value.default);
}

/**
 * Reads what people typed for a template's values, by name: whole numbers in digits, lists with commas or line breaks
 * between. What is left out keeps its default; a name that the template does not ask for is a problem.
 */
export function readValues(template: TemplateInfo, inputs: Readonly<Record<string, string>>): ReadValues {
  const values: Record<string, FillValue> = {};
  const problems: ValueProblem[] = [];
  for (const value of template.values) {
    const input = Object.hasOwn(inputs, value.name) ? (inputs[value.name] ?? "") : inputOf(value);
    const read = readInput(value, input.trim());
    if (read === null) problems.push({ name: value.name, message: wanted(value) });
    else values[value.name] = read;
  }
  for (const name of Object.keys(inputs)) {
    if (template.values.some((value) => value.name === name)) continue;
    problems.push({ name, message: `\`${template.id}\` asks for no value of this name` });
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, values };
}

function readInput(value: TemplateValue, input: string): FillValue | null {
  if (/[\0\p{Surrogate}]/u.test(input)) return null;
  switch (value.kind) {
    case "number": {
      const read = /^[0-9]{1,15}$/.test(input) ? Number(input) : NaN;
      return read >= value.least && read <= value.most ? read : null;
    }
    case "text":
      return value.shape.pattern.test(input) ? input : null;
    case "list": {
      const parts = input.split(/[,\n]/).map((part) => part.trim());
      const items = [...new Set(parts.filter((part) => part !== ""))];
      const fits = items.every((item) => value.shape.pattern.test(item));
      return fits && items.length > 0 && items.length <= listMax ? items : null;
    }
  }
}

function wanted(value: TemplateValue): string {
  switch (value.kind) {
    case "number":
      return `Wanted: a whole number from ${value.least} to ${value.most}`;
    case "text":
      return `Wanted: ${value.shape.wanted}`;
    case "list":
      return `Wanted, with commas between: ${value.shape.wanted}`;
  }
}

/** The template's sentence with `values` in it; a name without a value shows its default. */
export function sentenceOf(template: TemplateInfo, values: FillValues): string {
  return template.sentence.replace(/\{([a-z_]+)\}/g, (whole, name: string) => {
    const value = values[name] ?? template.values.find((known) => known.name === name)?.default;
    if (value === undefined) return whole;
    return typeof value === "number" ? value.toLocaleString("en") : shown(value);
  });
}

/** The template of that id, or null. */
export function findTemplate(id: string): TemplateInfo | null {
  return policyTemplates.find((template) => template.id === id) ?? null;
}
