import { describe, expect, test } from "vitest";
import { checkPolicy } from "./check";

/** `code | message | hint` of every problem. */
const wordsOf = (text: string): string[] =>
  checkPolicy(text).map(({ code, message, hint }) =>
    [code, message, ...(hint === undefined ? [] : [hint])].join(" | "),
  );
const head = 'version: "1"\ndefault: deny\n';
const rules = (...texts: readonly string[]): string => `${head}tools: { pay: { rules: [${texts.join(", ")}] } }`;
const testOf = (more: string): string =>
  `${head}tools: { pay: { rules: [] } }\ntests: [{ name: t, call: { tool: pay }, expect: allow, ${more} }]`;
const when = (path: string, op: string, value: string): string =>
  rules(`{ name: a, action: deny, when: [{ path: ${path}, op: ${op}, value: ${value} }] }`);
const long = "x".repeat(100);

describe("every problem says what is wrong in full", () => {
  test.each<[string, string, ...string[]]>([
    ["a name that is nothing", rules("{ name: ~, action: deny }"), "type | Expected a name, found nothing"],
    [
      "a name that is a boolean",
      rules("{ name: true, action: deny }"),
      "type | Expected a name, found a boolean | Put it in quotes.",
    ],
    [
      "a name that is a number",
      rules("{ name: 5, action: deny }"),
      "type | Expected a name, found a number | Put it in quotes.",
    ],
    ["a name that is a list", rules("{ name: [], action: deny }"), "type | Expected a name, found a list"],
    ["a name of 128 characters", rules(`{ name: ${"x".repeat(128)}, action: deny }`)],
    [
      "a name of 129 characters",
      rules(`{ name: ${"x".repeat(129)}, action: deny }`),
      "length | Expected a name of 1 to 128 characters",
    ],
    [
      "a rule without a name",
      rules("{ action: deny }"),
      "missing | Missing key `name` | Every rule has a name; the log shows it.",
    ],
    [
      "a word that is a number",
      rules("{ name: a, action: deny, mode: 5 }"),
      "type | Expected `enforce` or `shadow` or `off`, found a number",
    ],
    [
      "a word that is a list",
      rules("{ name: a, action: deny, mode: [off] }"),
      "type | Expected `enforce` or `shadow` or `off`, found a list",
    ],
    [
      "a long word",
      rules(`{ name: a, action: deny, mode: ${long} }`),
      `value | Expected \`enforce\` or \`shadow\` or \`off\`, found \`${"x".repeat(80)}\``,
    ],
    [
      "a long key",
      rules(`{ name: a, action: deny, ${long}: 1 }`),
      `unknown_key | Unknown key \`${"x".repeat(80)}\` | Known keys: name, action, when, conditions, on_deny, rate_limit, limit, state, approval, approval_timeout, on_unknown, on_tool_error, mode, description.`,
    ],
    [
      "a number in quotes",
      rules('{ name: a, limit: { max: "-5", window: day } }'),
      "type | Expected the most that is let through, a number, found a text | Remove the quotes: a quoted number is a text.",
    ],
    [
      "a text with a digit",
      rules("{ name: a, limit: { max: x5, window: day } }"),
      "type | Expected the most that is let through, a number, found a text",
    ],
    [
      "a boolean for a number",
      rules("{ name: a, limit: { max: true, window: day } }"),
      "type | Expected the most that is let through, a number, found a boolean",
    ],
    [
      "a list for a number",
      rules("{ name: a, limit: { max: [5], window: day } }"),
      "type | Expected the most that is let through, a number, found a list",
    ],
    [
      "a condition without anything",
      rules("{ name: a, conditions: [{}] }"),
      ...["path", "op", "value"].map((key) => `missing | Missing key \`${key}\``),
    ],
    [
      "a path that is no text",
      when("5", "eq", "1"),
      "type | Expected a path such as `args.amount`, found a number | Put it in quotes.",
    ],
    [
      "an operator that is no text",
      when("args.a", "5", "1"),
      "type | Expected an operator, found a number | Put it in quotes.",
    ],
    ["a list of 10,000 values", when("args.a", "in", `[${"1,".repeat(10_000)}]`)],
    [
      "a list of 10,001 values",
      when("args.a", "in", `[${"1,".repeat(10_001)}]`),
      "length | A list has at most 10000 values",
    ],
    [
      "a counter that is no map",
      rules("{ name: a, state: 5 }"),
      "type | Expected a counter: `{counter, window, increment_from}`, found a number",
    ],
    [
      "a counter's name that is no text",
      rules("{ name: a, state: { counter: 5, window: day } }"),
      "type | Expected the counter's name, found a number | Put it in quotes.",
    ],
    [
      "an increment that is no number",
      rules("{ name: a, state: { counter: c, window: day, increment: x } }"),
      "type | Expected the amount per call, a number, found a text",
    ],
    [
      "a counter's name of ours",
      rules("{ name: a, state: { counter: _rate, window: day } }"),
      "reserved | `_rate` is a name that the gateway gives itself | Choose another name.",
    ],
    [
      "a rate that goes on",
      rules('{ name: a, rate_limit: "5/day." }'),
      "value | `5/day.` is not a rate of the form `<count>/<window>` | Windows: minute, hour, day, week, month.",
    ],
    [
      "a limit of nothing right",
      rules("{ name: a, limit: { sum: 5, window: yer, by: 1 } }"),
      "missing | Missing key `max`",
      "type | Expected a path such as `args.amount`, found a number | Put it in quotes.",
      "value | Expected `minute` or `hour` or `day` or `week` or `month`, found `yer`",
      "type | Expected a list of arguments such as `[args.currency]`, found a number",
    ],
    [
      "a bound from below",
      rules("{ name: a, conditions: [{ path: state.pay.n, op: gte, value: 1 }], state: { counter: n, window: day } }"),
      "state_operator | A counter is limited with `lte` or `lt`, not `gte`",
    ],
    [
      "another version",
      'version: "2"\ndefault: deny\ntools: { pay: { rules: [] } }',
      'version | Version `2` of the language is not known | Write `version: "1"`.',
    ],
    [
      "a version that is a number",
      "version: 1\ndefault: deny\ntools: { pay: { rules: [] } }",
      'type | Expected the version `"1"`, found a number | Put it in quotes.',
    ],
    [
      "no version",
      "default: deny\ntools: { pay: { rules: [] } }",
      'missing | Missing key `version` | Write `version: "1"`.',
    ],
    ["a tool that is no map", `${head}tools: { pay: 5 }`, "type | Expected a tool: a map with `rules`, found a number"],
    ["a tool without a name", `${head}tools: { "": { rules: [] } }`, "length | A tool name has 1 to 128 characters"],
    ["a tool's name of 128 characters", `${head}tools: { ${"x".repeat(128)}: { rules: [] } }`],
    [
      "a tool's name of 129 characters",
      `${head}tools: { ${"x".repeat(129)}: { rules: [] } }`,
      "length | A tool name has 1 to 128 characters",
    ],
    [
      "two rules of one name",
      rules("{ name: a, action: deny, mode: shadow }", "{ name: a, action: deny, mode: shadow }"),
      "duplicate_name | Another rule of `pay` is named `a` | Rule names are unique within a tool.",
    ],
    [
      "an approver that is no text",
      rules("{ name: a, action: require_approval, approval: { approvers: [5] } }"),
      "type | Expected a role or the id of a member, found a number | Put it in quotes.",
    ],
    [
      "an approver who is nobody",
      rules("{ name: a, action: require_approval, approval: { approvers: [zzz] } }"),
      "value | `zzz` is neither a role nor the id of a member | Roles: viewer, policy_manager, admin; people by their member id.",
    ],
    [
      "a test that is no map",
      `${head}tools: { pay: { rules: [] } }\ntests: [5]`,
      "type | Expected a test: a map with `name`, `call` and `expect`, found a number",
    ],
    [
      "a test's rule that is no text",
      testOf("rule: 5"),
      "type | Expected a rule's name, found a number | Put it in quotes.",
    ],
    [
      "what is given that is no map",
      testOf("given: 5"),
      "type | Expected a map of what is given beside the call, found a number",
    ],
    ["a grant that is no map", testOf("given: { grant: 5 }"), "type | Expected a map, found a number"],
    [
      "a label that is no text",
      testOf("given: { grant: { label: 5, tags: x } }"),
      "type | Expected a text, found a number | Put it in quotes.",
      "type | Expected a list of tags, found a text",
    ],
    [
      "metadata that is no map",
      testOf("given: { meta: 5 }"),
      "type | Expected the request's metadata, a map, found a number",
    ],
    [
      "a time that is no text",
      testOf("given: { now: 5 }"),
      "type | Expected a time such as `2026-01-31T12:00:00Z`, found a number | Put it in quotes.",
    ],
    [
      "a time behind something",
      testOf('given: { now: "x2026-01-31T12:00:00Z" }'),
      "value | `x2026-01-31T12:00:00Z` is not a time in UTC | Write it like `2026-01-31T12:00:00Z`.",
    ],
    [
      "a time before something",
      testOf('given: { now: "2026-01-31T12:00:00Zx" }'),
      "value | `2026-01-31T12:00:00Zx` is not a time in UTC | Write it like `2026-01-31T12:00:00Z`.",
    ],
    [
      "a counter of a test where nothing counts",
      testOf("given: { state: { pay.n: 5 } }"),
      "counter | No rule counts `pay.n` | Counters: none.",
    ],
    [
      "a fact that is long",
      when("time.date", "eq", long),
      `value | \`time.date\` is never \`${"x".repeat(80)}\` | Write it like "2026-01-31", in quotes, and compare it with \`eq\`, \`in\` or \`starts_with\`.`,
    ],
    [
      "a fact before something",
      when("time.date", "eq", "2026-01-31x"),
      'value | `time.date` is never `2026-01-31x` | Write it like "2026-01-31", in quotes, and compare it with `eq`, `in` or `starts_with`.',
    ],
    [
      "a fact that is a boolean",
      when("time.date", "eq", "true"),
      'value | `time.date` is never `true` | Write it like "2026-01-31", in quotes, and compare it with `eq`, `in` or `starts_with`.',
    ],
    [
      "a word of two letters",
      when("time.weekday", "eq", "mo"),
      "value | `time.weekday` is never `mo` | One of monday, tuesday, wednesday, thursday, friday, saturday, sunday.",
    ],
    [
      "a word of three letters",
      when("time.weekday", "eq", "mon"),
      "value | `time.weekday` is never `mon` | Did you mean `monday`?",
    ],
    [
      "a word outside a list",
      when("tool.risk", "not_in", "[low, hig]"),
      "value | `tool.risk` is never `hig` | Did you mean `high`?",
    ],
    ...["lt", "lte", "gt", "gte"].map((op): [string, string, string] => [
      `a word with ${op}`,
      when("tool.risk", op, "1"),
      `value | \`tool.risk\` is no number, so \`${op}\` cannot judge it | One of low, medium, high, critical.`,
    ]),
    ...["lt", "lte", "gt", "gte"].map((op): [string, string, string] => [
      `an hour with ${op}`,
      when("time.hour", op, "24"),
      "value | `time.hour` is never `24` | A whole number from 0 to 23, in UTC.",
    ]),
    ["whether a fact is there", when("client.name", "exists", "true")],
    ["a text in an argument named like a fact", when("args.annotations.x", "eq", "low")],
    ["a text in an argument named like the time", when("args.hour", "eq", "24")],
    ["a text in metadata named like a risk", when("meta.risk", "eq", "24")],
    ["a glob on a fact", when("tool.category", "glob", '"re*"')],
  ])("%s", (_, text, ...expected) => {
    expect(wordsOf(text)).toEqual(expected);
  });
});
