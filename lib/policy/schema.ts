import { z } from "zod";
import { toolCategories, toolRisks } from "@/lib/kernel/tool-class";
import { counterPers } from "@/lib/quota/key";
import { windows } from "@/lib/quota/window";
import { expectWords, ruleActions, ruleModes } from "./document";

import { operatorNames } from "./operators";
import { toolHints } from "./path";

// The shape of a policy for editors: keys, kinds of values, and what hovering over a key says. Whether a policy is valid
// is decided by `checkPolicy` alone, which neither needs nor loads this file.

const text = z.string().min(1);
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const path = text.describe(
  'What is looked at: `args.amount`, `args.items[0].price`, `args["a.b"]`, `grant.label`, `time.hour` …',
);
const argument = text.describe("One argument of the call: `args.amount`.");

/** One comparison. */
export const leafShape = z.strictObject({
  path,
  op: z
    .enum(operatorNames)
    .describe("How it is compared. What has another type or is missing stays in doubt, and doubt restricts."),
  value: z
    .union([scalar, z.array(scalar).min(1)])
    .describe(
      "What it is compared with: a list for `in` and `not_in`, a number for `lt` to `gte`, a pattern (RE2) for `regex`.",
    ),
  if_absent: z
    .enum(["restrict", "skip"])
    .optional()
    .describe("`skip`: a missing argument makes this comparison false instead of unknown. `restrict` when left out."),
});

const anyShape = z.strictObject({
  get any() {
    return z.array(conditionShape).min(1).describe("At least one of these conditions holds.");
  },
});
const allShape = z.strictObject({
  get all() {
    return z.array(conditionShape).min(1).describe("All of these conditions hold.");
  },
});
const notShape = z.strictObject({
  get not(): typeof conditionShape {
    return conditionShape;
  },
});
export const groupShapes = [anyShape, allShape, notShape] as const;

type ConditionShape = z.ZodType<unknown>;
/** A comparison, or a group of conditions; at most eight levels deep. */
export const conditionShape: ConditionShape = z
  .union([leafShape, ...groupShapes])
  .meta({ id: "condition", description: "A comparison `{path, op, value}`, or `any`, `all`, `not`." });

const conditions = z.array(conditionShape).min(1);

const per = z
  .enum(counterPers)
  .optional()
  .describe("Whose calls share the counter: `grant` when left out, `policy`, `server` or `org`.");
const by = z
  .array(argument)
  .min(1)
  .max(4)
  .optional()
  .describe("Arguments whose values split the counter, so that currencies never add up.");
const window = z
  .enum(windows)
  .describe("How long a count lasts. Windows follow the calendar in UTC; weeks begin on Monday.");

export const limitShape = z.strictObject({
  sum: argument.optional().describe("The argument that is summed; without it calls are counted."),
  max: z.number().min(0).describe("The most that is let through in one window, in the unit of the argument."),
  window,
  per,
  by,
});

export const stateShape = z.strictObject({
  counter: text.max(128).describe("Name of the counter; conditions read it as `state.<tool>.<counter>`."),
  window,
  increment: z.number().positive().optional().describe("What one call adds, 1 when left out."),
  increment_from: argument.optional().describe("The argument whose value is added instead."),
  per,
  by,
});

export const approvalShape = z.strictObject({
  timeout: text
    .regex(/^[1-9][0-9]*[smhd]$/)
    .optional()
    .describe("How long a call waits for a person, `30m` for example; from 10s to 7d. Nobody decides: denied."),
  approvers: z
    .array(text)
    .min(1)
    .max(50)
    .optional()
    .describe("Who may decide: roles (`admin`, `policy_manager`, `viewer`) or ids of members."),
  quorum: z.int().min(1).max(20).optional().describe("How many of them must agree."),
  reason_required: z.boolean().optional().describe("Whether they must say why."),
});

export const ruleShape = z.strictObject({
  name: text.max(128).describe("Unique within the tool; the log shows it, and it is part of the rule's id."),
  action: z
    .enum(ruleActions)
    .optional()
    .describe(
      "`evaluate` (also when left out): every condition must hold, else the call is denied. `deny`: denied. `require_approval`: held for a person.",
    ),
  when: conditions
    .optional()
    .describe(
      "The rule applies only where these hold: on `deny` it means deny if, on `require_approval` hold if, on a limit count these calls.",
    ),
  conditions: conditions
    .optional()
    .describe("What must be true. Not on `deny`, and not beside `rate_limit` or `limit`: there use `when`."),
  on_deny: text.max(2000).optional().describe("What the agent reads when the rule refuses."),
  rate_limit: text
    .regex(/^[0-9]{1,15}\/(minute|hour|day|week|month)$/)
    .optional()
    .describe("`60/minute`: short for a limit that counts calls."),
  limit: limitShape
    .optional()
    .describe("A limit on calls or on the sum of an argument: `{sum: args.amount, max: 1000000, window: day}`."),
  state: stateShape
    .optional()
    .describe("A counter with a name, limited by the condition `state.<tool>.<counter> lte <max>`."),
  approval: approvalShape
    .optional()
    .describe("Terms of this rule's approvals; what is left out is as under `approvals`."),
  approval_timeout: text.optional().describe("Short for `approval: {timeout: …}`."),
  on_unknown: z
    .enum(["hold", "release"])
    .optional()
    .describe(
      "What a lost outcome does to the quota. Left out: `hold` where an argument is summed, `release` where calls are counted.",
    ),
  on_tool_error: z
    .enum(["void", "post"])
    .optional()
    .describe(
      "What an answer with `isError: true` does to the quota: `void` (also when left out) gives it back, `post` counts it.",
    ),
  mode: z
    .enum(ruleModes)
    .optional()
    .describe("`enforce` (also when left out), `shadow`: judged and logged, never enforced; `off`: only checked."),
  description: text.max(2000).optional().describe("A note for people."),
});

export const blockShape = z.strictObject({
  rules: z.array(ruleShape).describe("What is checked at every call. An empty list allows every call."),
});

const named = (what: string) => z.strictObject({ name: text.optional().describe(what) });

export const callShape = z.strictObject({
  tool: text.max(200).describe("Name of the tool."),
  args: z.record(z.string(), z.unknown()).optional().describe("Arguments of the call."),
});

export const grantShape = z.strictObject({
  id: text.optional().describe("What `grant.id` reads."),
  label: text.optional().describe("What `grant.label` reads."),
  tags: z.array(text).optional().describe("What `grant.tags` reads."),
});

export const serverShape = named("What `server.name` reads.");
export const clientShape = named("What `client.name` reads.");

export const toolShape = z.strictObject({
  category: z.enum(toolCategories).optional().describe("What `tool.category` reads."),
  risk: z.enum(toolRisks).optional().describe("What `tool.risk` reads."),
  annotations: z
    .partialRecord(z.enum(toolHints), z.boolean())
    .optional()
    .describe("What `tool.annotations.<hint>` reads."),
});

export const givenShape = z.strictObject({
  state: z
    .record(z.string(), z.number().min(0))
    .optional()
    .describe("What is counted already: `create_charge.daily_spend: 0`, with `by` values in brackets behind the name."),
  grant: grantShape.optional().describe("The grant that calls."),
  server: serverShape.optional().describe("The server that is called."),
  client: clientShape.optional().describe("The client that calls."),
  tool: toolShape.optional().describe("What is known of the tool."),
  meta: z.record(z.string(), z.unknown()).optional().describe("The request's `_meta`."),
  now: text.optional().describe("When the call comes, in UTC: `2026-01-31T12:00:00Z`."),
});

export const testShape = z.strictObject({
  name: text.max(200).describe("What the policy guarantees here; unique."),
  call: callShape.describe("The call that is judged."),
  given: givenShape.optional().describe("What is so beside the call; everything may be left out."),
  expect: z.enum(expectWords).describe("The answer."),
  rule: text.optional().describe("Name or id of the rule that must be reported, or a word such as `(default deny)`."),
});

/** A whole policy. */
export const policyShape = z
  .strictObject({
    version: z.literal("1").describe('Version of the language, the text `"1"`.'),
    description: text.max(2000).optional().describe("A note for people."),
    default: z
      .enum(["deny", "allow"])
      .optional()
      .describe("What happens to tools that nothing under `tools` lists; `deny` when left out."),
    hide: z
      .array(text.max(128))
      .optional()
      .describe("Names or globs of tools that are cut out of the tool list and answered like tools that do not exist."),
    tools: z
      .record(z.string().min(1).max(128), blockShape)
      .optional()
      .describe('Rules by tool: an exact name, a glob such as `create_*`, or `"*"` for every call.'),
    methods: z
      .record(z.string(), z.enum(["allow", "deny"]))
      .optional()
      .describe("Methods other than tool calls: `resources/read: deny`."),
    approvals: approvalShape
      .optional()
      .describe("Terms for all rules that hold calls; a rule's own `approval` goes before them."),
    tests: z
      .array(testShape)
      .max(500)
      .optional()
      .describe("Calls with the answers that they must get; run at every save."),
  })
  .meta({ title: "PolicyLayer policy" });
