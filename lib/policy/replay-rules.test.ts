import { describe, expect, test } from "vitest";
import { compilePolicy } from "./compile";
import type { CompiledPolicy } from "./compile";
import { factsOf } from "./facts";
import { parsePolicy } from "./parse";
import { Replay } from "./replay";
import type { RecordedCall } from "./replay";

/** A policy whose tool `pay` has these rules; `more` stands beside it. */
function pay(rules: readonly string[], more = "", head = ""): CompiledPolicy {
  const text = `version: "1"\n${head}\ntools:\n  pay: { rules: [${rules.join(", ")}] }\n${more}`;
  const parsed = parsePolicy(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return compilePolicy(parsed.document, { digest: (one) => one });
}

type Change = Partial<RecordedCall>;

interface Said {
  tool?: string;
  at?: string;
  keys?: readonly string[];
  change?: Change;
}

/** The record of an allowed call to `pay` with `amount`, at noon, changed as said. */
function recorded({ tool = "pay", at = "12:00:00", keys = ["amount"], change = {} }: Said = {}): RecordedCall {
  return {
    facts: factsOf({ tool }, { now: `2026-01-01T${at}Z` }),
    argKeys: new Set(keys),
    allKeys: true,
    decisionId: "d",
    scope: { grantId: "g", policyId: "p", serverId: "s", orgId: "o" },
    decision: "allow",
    rule: "",
    counted: true,
    judgedBy: null,
    ...change,
  };
}

/** What the draft answers to calls, one after the other: `verdict` or `verdict rule`. */
function replay(draft: CompiledPolicy, ...calls: readonly Said[]): string[] {
  const one = new Replay(draft);
  return calls.map((said) => {
    const { verdict, rule } = one.judge(recorded(said));
    return `${verdict} ${rule.slice(rule.lastIndexOf("/") + 1)}`.trimEnd();
  });
}

const has = (key: string): string => `{ path: args.${key}, op: exists, value: true }`;
const over = (max: number): string => `{ path: args.amount, op: gt, value: ${max} }`;
const never = "{ path: time.hour, op: eq, value: 3 }";
const day = "{ name: day, limit: { sum: args.amount, max: 100, window: day } }";
const no = `{ name: no, action: deny, when: [${has("to")}] }`;
const cap = "{ name: cap, conditions: [{ path: args.amount, op: lte, value: 5 }] }";
const ask = `{ name: ask, action: require_approval, when: [${over(5)}] }`;
const denied = (judgedBy: CompiledPolicy, rule: string): Change => ({
  ...{ judgedBy, decision: "deny", rule: `/tools/pay/rules/${rule}` },
});
const limited = (judgedBy: CompiledPolicy, rule = "day"): Change => ({
  ...{ judgedBy, decision: "rate_limited", rule: `/tools/pay/rules/${rule}` },
});
const held = (judgedBy: CompiledPolicy, rule: string): Change => ({
  ...{ judgedBy, decision: "hold", rule: `/tools/pay/rules/${rule}` },
});

describe("a draft judges what it can without values", () => {
  test.each<[string, readonly string[], Said, string]>([
    ["a hold in doubt", [ask], {}, "undetermined"],
    ["a certain hold beside one in doubt", [ask, "{ name: all, action: require_approval }"], {}, "hold all"],
    [
      "a guard in doubt before what certainly fails",
      [`{ name: r, when: [${over(5)}], conditions: [${has("why")}] }`],
      {},
      "undetermined",
    ],
    [
      "a guard that never holds before what certainly fails",
      [`{ name: r, when: [${never}], conditions: [${has("why")}] }`],
      {},
      "allow",
    ],
    [
      "a guard that holds before what certainly fails",
      [`{ name: r, when: [${has("amount")}], conditions: [${has("why")}] }`],
      {},
      "deny r",
    ],
    [
      "a guard that never holds before a hold",
      [`{ name: r, action: require_approval, when: [${never}] }`],
      {},
      "allow",
    ],
    ["a sum of an argument that was missing", [day], { keys: [] }, "deny day"],
    ["a sum of a look-alike", [day], { keys: ["Amount"] }, "deny day"],
    ["a sum of an argument that was there", [day], {}, "undetermined"],
    ["a sum of one that may have been there", [day], { keys: [], change: { allKeys: false } }, "undetermined"],
    [
      "a split by an argument that was missing",
      ["{ name: r, limit: { max: 5, window: day, by: [args.to] } }"],
      {},
      "deny r",
    ],
    [
      "a sum that is split by one",
      ["{ name: r, limit: { sum: args.amount, max: 5, window: day, by: [args.to] } }"],
      {},
      "deny r",
    ],
    [
      "a sum of an element of a missing list",
      ["{ name: r, limit: { sum: 'args.items[0]', max: 5, window: day } }"],
      {},
      "deny r",
    ],
    [
      "a full limit behind a guard in doubt",
      [`{ name: r, when: [${over(5)}], limit: { max: 0, window: day } }`],
      {},
      "undetermined",
    ],
    [
      "a full limit behind a guard that never holds",
      [`{ name: r, when: [${never}], limit: { max: 0, window: day } }`],
      {},
      "allow",
    ],
    ["a full limit", ["{ name: r, limit: { max: 0, window: day } }"], {}, "rate_limited r"],
    ["a full limit in shadow", ["{ name: r, mode: shadow, limit: { max: 0, window: day } }"], {}, "allow"],
    ["a full limit behind a denial in doubt", [cap, "{ name: r, limit: { max: 0, window: day } }"], {}, "undetermined"],
    [
      "the second of two limits is full",
      ["{ name: a, limit: { max: 1, window: day } }", "{ name: b, limit: { max: 0, window: hour } }"],
      {},
      "rate_limited b",
    ],
  ])("%s: %#", (_, rules, said, expected) => {
    expect(replay(pay(rules), said)).toEqual([expected]);
  });

  test("a tool that nothing lists is allowed where the default says so, and a hidden one is hidden", () => {
    expect(replay(pay([], "", "default: allow"), { tool: "get" })).toEqual(["allow"]);
    expect(replay(pay([], "", "hide: [pay]"), {})).toEqual(["hidden (hidden)"]);
  });
});

describe("a rule that judged the call then is known", () => {
  test("of a held call: the rule that held, no denial, and no other hold", () => {
    const judgedBy = pay([
      ask,
      cap,
      "{ name: ask more, action: require_approval, when: [{ path: args.amount, op: gt, value: 7 }] }",
    ]);
    const change = held(judgedBy, "ask");
    expect(replay(pay([ask]), { change })).toEqual(["hold ask"]);
    expect(replay(pay([cap]), { change })).toEqual(["allow"]);
    expect(replay(pay([`{ name: b, action: require_approval, when: [${over(7)}] }`]), { change })).toEqual([
      "undetermined",
    ]);
  });

  test("of an allowed call: no hold and no denial", () => {
    const judgedBy = pay([ask, cap]);
    expect(replay(pay([ask]), { change: { judgedBy } })).toEqual(["allow"]);
    expect(replay(pay([cap]), { change: { judgedBy } })).toEqual(["allow"]);
  });

  test("of a denied call: the rule that denied, and none of the holds", () => {
    const judgedBy = pay([ask, cap]);
    expect(replay(pay([cap]), { change: denied(judgedBy, "cap") })).toEqual(["deny cap"]);
    expect(replay(pay([ask]), { change: denied(judgedBy, "cap") })).toEqual(["undetermined"]);
  });

  test("of a call that was denied by default or hidden: nothing", () => {
    const judgedBy = pay([cap]);
    const byDefault = { judgedBy, decision: "deny", rule: "(default deny)" } as const;
    const hidden = { judgedBy, decision: "hidden", rule: "(hidden)" } as const;
    expect(replay(pay([cap]), { change: byDefault })).toEqual(["undetermined"]);
    expect(replay(pay([cap]), { change: hidden })).toEqual(["undetermined"]);
  });

  test("a rule with another action, guard, list or amount is another rule", () => {
    const when = `when: [${over(5)}]`;
    const judgedBy = pay([`{ name: r, action: deny, ${when} }`]);
    expect(replay(pay([`{ name: r, action: deny, ${when} }`]), { change: { judgedBy } })).toEqual(["allow"]);
    expect(replay(pay([`{ name: r, action: require_approval, ${when} }`]), { change: { judgedBy } })).toEqual([
      "undetermined",
    ]);
    const list = (values: string): CompiledPolicy =>
      pay([`{ name: r, conditions: [{ path: args.amount, op: in, value: [${values}] }] }`]);
    expect(replay(list("1, 2"), { change: { judgedBy: list("1, 2") } })).toEqual(["allow"]);
    expect(replay(list("1, 2"), { change: { judgedBy: list("1, 3") } })).toEqual(["undetermined"]);
  });
});

describe("what a sum did then is known through the very same counter only", () => {
  const judgedBy = pay([day]);
  const changed = (from: string, to: string): CompiledPolicy => pay([day.replace(from, to)]);
  test.each<[string, CompiledPolicy, Change | null, string]>([
    ["the same", pay([day]), { judgedBy }, "allow"],
    ["a wider one", changed("100", "200"), { judgedBy }, "allow"],
    ["the same, that refused", pay([day]), limited(judgedBy), "rate_limited day"],
    ["a tighter one, that refused", changed("100", "50"), limited(judgedBy), "rate_limited day"],
    ["refused by another rule", pay([day]), limited(judgedBy, "other"), "undetermined"],
    ["denied then", pay([day]), denied(pay([day, no]), "no"), "undetermined"],
    ["another window", changed("window: day", "window: hour"), { judgedBy }, "undetermined"],
    ["another sharing", changed("window: day", "window: day, per: org"), { judgedBy }, "undetermined"],
    ["another name", changed("name: day", "name: total"), { judgedBy }, "undetermined"],
    ["in shadow then", pay([day]), { judgedBy: changed("name: day,", "name: day, mode: shadow,") }, "undetermined"],
    ["a policy that is not known any more", pay([day]), null, "undetermined"],
  ])("%s", (_, draft, change, expected) => {
    expect(replay(draft, change ? { change } : {})).toEqual([expected]);
  });

  test("below a bound is not up to it", () => {
    const bound = (op: string): CompiledPolicy =>
      pay([
        `{ name: r, conditions: [{ path: state.pay.n, op: ${op}, value: 9 }], state: { counter: n, window: day, increment_from: args.amount } }`,
      ]);
    expect(replay(bound("lt"), { change: { judgedBy: bound("lt") } })).toEqual(["allow"]);
    expect(replay(bound("lt"), { change: { judgedBy: bound("lte") } })).toEqual(["undetermined"]);
  });

  test("a limit behind a guard might not have been asked then", () => {
    const guarded = pay([
      `{ name: day, when: [${has("amount")}], limit: { sum: args.amount, max: 100, window: day } }`,
    ]);
    expect(replay(guarded, { change: { judgedBy: guarded } })).toEqual(["undetermined"]);
  });

  test("a tool that only looks at the counter of another one", () => {
    const see = '  get: { rules: [{ name: see, conditions: [{ path: "state.pay.n", op: lte, value: 9 }] }] }\n';
    const both = pay(["{ name: n, state: { counter: n, window: day } }"], see);
    expect(replay(both, { tool: "get", change: { judgedBy: both } })).toEqual(["allow"]);
    expect(replay(both, { tool: "get" })).toEqual(["undetermined"]);
  });

  test("a counter that arguments split", () => {
    const split = pay(["{ name: r, limit: { max: 1, window: day, by: [args.amount] } }"]);
    const change = { judgedBy: split };
    expect(replay(split, { change }, { change }, { change })).toEqual(["allow", "allow", "allow"]);
  });
});

describe("a sum is in doubt once the draft counts other calls than were counted then", () => {
  const [plain, strict] = [pay([day]), pay([day, no])];
  const to = ["amount", "to"];

  test("more: a call that was denied then and is not now", () => {
    const first = { keys: to, change: denied(strict, "no") };
    expect(replay(plain, first, { change: { judgedBy: strict } })).toEqual(["undetermined", "undetermined"]);
    expect(replay(strict, first, { change: { judgedBy: strict } })).toEqual(["deny no", "allow"]);
  });

  test("more: only in the window of that call, and not where the sum refused anyway", () => {
    const first = { keys: to, change: denied(strict, "no") };
    const tomorrow = recorded({
      change: { judgedBy: strict, facts: factsOf({ tool: "pay" }, { now: "2026-01-02T12:00:00Z" }) },
    });
    const one = new Replay(plain);
    one.judge(recorded(first));
    expect(one.judge(tomorrow).verdict).toBe("allow");
    expect(replay(plain, first, { change: limited(strict) })).toEqual(["undetermined", "rate_limited day"]);
  });

  test("fewer: a call that was counted then and is denied now", () => {
    const first = { keys: to, change: { judgedBy: plain } };
    expect(replay(strict, first, { change: limited(plain) })).toEqual(["deny no", "undetermined"]);
    expect(replay(strict, first, { change: { judgedBy: plain } })).toEqual(["deny no", "allow"]);
    expect(replay(strict, { change: { judgedBy: plain } }, { change: limited(plain) })).toEqual([
      "allow",
      "rate_limited day",
    ]);
  });

  test("fewer: not when the call had failed and counted nothing", () => {
    const first = { keys: to, change: { judgedBy: plain, counted: false } };
    expect(replay(strict, first, { change: limited(plain) })).toEqual(["deny no", "rate_limited day"]);
    const failed = { change: { judgedBy: plain, counted: false } };
    expect(replay(plain, failed, { change: { judgedBy: plain } })).toEqual(["allow", "allow"]);
    expect(replay(plain, failed, { change: limited(plain) })).toEqual(["allow", "rate_limited day"]);
  });

  test("fewer: a call that was counted then and meets another limit now", () => {
    const slow = pay([day, "{ name: slow, rate_limit: 1/minute }"]);
    const first = { change: { judgedBy: plain } };
    const later = { at: "12:01:00", change: limited(plain) };
    expect(replay(slow, first, first, later)).toEqual(["allow", "rate_limited slow", "undetermined"]);
    expect(replay(slow, first, later)).toEqual(["allow", "rate_limited day"]);
  });

  test("fewer: a call of another tool that is hidden now", () => {
    const star =
      '  get: { rules: [] }\n  "*": { rules: [{ name: all, limit: { sum: args.amount, max: 100, window: day } }] }\n';
    const [open, shut] = [pay([], star), pay([], star, "hide: [get]")];
    const change = { judgedBy: open, decision: "rate_limited", rule: "/tools/*/rules/all" } as const;
    expect(replay(shut, { tool: "get", change: { judgedBy: open } }, { change })).toEqual([
      "hidden (hidden)",
      "undetermined",
    ]);
    expect(replay(open, { tool: "get", change: { judgedBy: open } }, { change })).toEqual([
      "allow",
      "rate_limited all",
    ]);
  });

  test("both: a call that was counted then and may be denied now", () => {
    const doubtful = pay([day, `{ name: big, action: deny, when: [${has("big")}, ${over(5)}] }`]);
    const first = { keys: ["amount", "big"], change: { judgedBy: plain } };
    expect(replay(doubtful, first, { change: { judgedBy: plain } })).toEqual(["undetermined", "undetermined"]);
    expect(replay(doubtful, first, { change: limited(plain) })).toEqual(["undetermined", "undetermined"]);
    expect(replay(doubtful, { change: { judgedBy: plain } }, { change: { judgedBy: plain } })).toEqual([
      "allow",
      "allow",
    ]);
  });
});

describe("calls are counted as far as it is known that they ran", () => {
  const rate = "{ name: rate, rate_limit: 1/minute }";

  test("a bound below which to stay", () => {
    const below = pay([
      "{ name: r, conditions: [{ path: state.pay.n, op: lt, value: 2 }], state: { counter: n, window: day } }",
    ]);
    expect(replay(below, {}, {})).toEqual(["allow", "rate_limited r"]);
    const refused = { change: { decision: "deny", rule: "/tools/pay/rules/x" } as const };
    expect(replay(below, refused, {}, {})).toEqual(["allow", "undetermined", "undetermined"]);
  });

  test("a call that met a full limit takes nothing from the others", () => {
    const two = pay([rate, "{ name: hourly, rate_limit: 3/hour }"]);
    const calls = ["12:00:00", "12:00:01", "12:01:00", "12:02:00", "12:03:00"].map((at) => ({ at }));
    expect(replay(two, ...calls)).toEqual(["allow", "rate_limited rate", "allow", "allow", "rate_limited hourly"]);
  });

  test("a call in doubt may have counted", () => {
    const doubtful = pay([rate, `{ name: big, action: deny, when: [${has("big")}, ${over(5)}] }`]);
    expect(replay(doubtful, { keys: ["amount", "big"] }, {})).toEqual(["undetermined", "undetermined"]);
  });

  test("a guard in doubt may have counted, one that never holds has not", () => {
    const either = pay([`{ name: r, when: [{ any: [${over(5)}, ${has("big")}] }], rate_limit: 1/minute }`]);
    expect(replay(either, {}, { keys: ["amount", "big"] })).toEqual(["allow", "undetermined"]);
    const big = pay([`{ name: r, when: [${has("big")}], rate_limit: 1/minute }`]);
    expect(replay(big, {}, { keys: ["big"] }, { keys: ["big"] })).toEqual(["allow", "allow", "rate_limited r"]);
  });

  test("a call that was not let through then may have run under the draft, whatever was counted", () => {
    const refused = { change: { decision: "deny", rule: "/tools/pay/rules/x", counted: false } as const };
    expect(replay(pay([rate]), refused, {})).toEqual(["allow", "undetermined"]);
  });

  test.each([
    ["policy", "policyId"],
    ["server", "serverId"],
    ["org", "orgId"],
    ["grant", "grantId"],
  ])("per %s: others count apart", (per, id) => {
    const draft = pay([`{ name: r, limit: { max: 1, window: day, per: ${per} } }`]);
    const scope = { grantId: "g2", policyId: "p2", serverId: "s2", orgId: "o2" };
    const same = { change: { scope: { ...scope, [id]: recorded().scope[id as "orgId"] } } };
    expect(replay(draft, {}, { change: { scope } }, same)).toEqual(["allow", "allow", "rate_limited r"]);
  });
});
