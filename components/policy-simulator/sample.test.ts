import { describe, expect, test } from "vitest";
import { decimalOf, toText } from "@/lib/kernel/decimal";
import { addTest } from "@/lib/policy/add-test";
import { agentText } from "@/lib/policy/agent-text";
import { runPolicyTests } from "@/lib/policy/run-tests";
import { countersOf, judgeSample, namedTools, readyPolicy, valueText, type ReadyPolicy } from "./judgement";
import { readSample } from "./sample";
import { emptyForm, fromFragment, notKnown, toFragment, type SampleForm } from "./form";
import { toTest } from "./to-test";
import type { SampleWorld } from "./world";

const world: SampleWorld = {
  grants: [{ id: "7b0c7f0e-8f53-4f9e-9f0e-1a2b3c4d5e6f", label: "support", tags: ["eu"], server: "Payments" }],
  tools: [
    {
      name: "pay",
      server: "Payments",
      category: "financial",
      risk: "critical",
      annotations: { destructiveHint: true },
      parameters: [{ name: "amount", required: true }],
    },
  ],
};
const now = "2026-03-04T05:06:07Z";

const text = `version: "1"
hide: [drop]
tools:
  pay:
    rules:
      - name: not at night
        when: [{ path: time.hour, op: lt, value: 6 }]
        action: deny
      - name: cap
        limit: { sum: args.amount, max: 100, window: day, by: [args.currency] }
      - name: only eu
        mode: shadow
        conditions: [{ path: grant.tags, op: contains, value: us }]
      - name: big
        action: require_approval
        when: [{ path: args.amount, op: gte, value: 90 }]
`;

function ready(): ReadyPolicy {
  const policy = readyPolicy(text);
  if (!policy) throw new Error("the text has errors");
  return policy;
}

function read(form: Partial<SampleForm>, counters: readonly string[] = ["pay.cap"]) {
  return readSample({ ...emptyForm, tool: "pay", ...form }, { world, counters, now });
}

function facts(form: Partial<SampleForm>) {
  const result = read(form);
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return result;
}

describe("a form becomes a call", () => {
  test("numbers stay exact, beyond what a double holds", () => {
    const amount = facts({ args: '{"amount": 9007199254740993.1}' }).facts.args.get("amount");
    expect(valueText(amount)).toBe("9007199254740993.1");
  });

  test("grant, server and tool facts come from what is known", () => {
    expect(facts({ grantId: world.grants[0]?.id ?? "" }).facts).toMatchObject({
      grant: { label: "support", tags: ["eu"] },
      server: { name: "Payments" },
      toolFacts: { category: "financial", risk: "critical", annotations: new Map([["destructiveHint", true]]) },
      client: { name: null },
      now,
    });
  });

  test("what was scanned can be overruled, also by not known", () => {
    const { toolFacts } = facts({ category: notKnown, risk: "low" }).facts;
    expect(toolFacts).toMatchObject({ category: null, risk: "low" });
  });

  test("every fault is said at its field, at once", () => {
    const form = {
      tool: "",
      args: '{"a": 1, "a": 2}',
      meta: "[1]",
      at: "2026-02-30T00:00:00Z",
      used: { "pay.cap": "-1" },
    };
    const result = read(form);
    expect(result.ok ? [] : Object.keys(result.faults).sort()).toEqual(["args", "at", "meta", "tool", "used.pay.cap"]);
  });

  test("counters of other tools are left out", () => {
    expect([...facts({ used: { "pay.cap": "5", "other.cap": "nonsense" } }).used.keys()]).toEqual(["pay.cap"]);
  });
});

describe("a fragment carries the form", () => {
  test("there and back", () => {
    const form = { ...emptyForm, tool: "pay", args: '{"a":"ü#&"}', used: { "pay.cap": "5" } };
    expect(fromFragment(toFragment(form))).toEqual(form);
  });

  test.each(["", "#other", "#sample=", "#sample=%7B", "#sample=[1]", "#sample=%"])("%j is none", (fragment) => {
    expect(fromFragment(fragment)).toBeNull();
  });

  test("parts of another type are taken as empty", () => {
    expect(fromFragment(`#sample=${encodeURIComponent('{"tool":1,"used":{"a":2,"b":"3"}}')}`)).toEqual({
      ...emptyForm,
      used: { b: "3" },
    });
  });
});

describe("a call is judged by the draft", () => {
  const judged = (form: Partial<SampleForm>) => {
    const { facts: call, used } = facts({ at: "2026-03-04T12:00:00Z", ...form });
    return judgeSample(ready(), call, used);
  };

  test("counters go by the name that a test would use", () => {
    expect(countersOf(ready(), "pay")).toEqual([{ name: "pay.cap", window: "day", by: ["args.currency"] }]);
    expect(countersOf(ready(), "other")).toEqual([]);
    expect(namedTools(ready())).toEqual(["pay", "drop"]);
  });

  test("the deciding rule is marked, and the agent's text is whole", () => {
    const { verdict, rules } = judged({ args: '{"amount": 50, "currency": "usd"}', at: "2026-03-04T05:00:00Z" });
    expect(rules.filter(({ decides }) => decides).map(({ name }) => name)).toEqual(["not at night"]);
    expect(agentText(verdict, "pay")).toBe('[POLICYLAYER POLICY DENIED] Denied by rule "not at night"');
    expect(rules.map(({ name }) => name)).toEqual(["not at night", "cap", "big", "only eu"]);
  });

  test("a full limit is shown with its rule", () => {
    const { verdict, rules } = judged({ args: '{"amount": 50, "currency": "usd"}', used: { "pay.cap": "51" } });
    expect(verdict.kind).toBe("rate_limited");
    const cap = rules.find(({ name }) => name === "cap");
    expect(cap).toMatchObject({ decides: true, full: [{ max: decimalOf(100) }] });
    expect(cap?.counters.map(({ before, after }) => [toText(before), toText(after)])).toEqual([["51", "101"]]);
  });

  test("what shadow rules would have done comes along", () => {
    expect(judged({ args: '{"amount": 1, "currency": "usd"}' })).toMatchObject({
      verdict: { kind: "allow" },
      shadow: [{ rule: "/tools/pay/rules/only eu", would: "deny" }],
    });
  });

  test("hidden tools are answered like unknown ones, an allowed call by the tool itself", () => {
    expect(agentText({ kind: "hidden", rule: "(hidden)" }, "drop")).toBe("Unknown tool: drop");
    expect(agentText({ kind: "allow" }, "pay")).toBeNull();
  });

  test("a broken text judges nothing", () => {
    expect(readyPolicy("version: 1")).toBeNull();
  });
});

describe("a sample becomes a test", () => {
  const cases: [string, Partial<SampleForm>, string][] = [
    ["denied by time", { args: '{"amount": 5, "currency": "usd"}', at: "2026-03-04T05:00:00Z" }, "deny"],
    ["limited", { args: '{"amount": 50, "currency": "usd"}', used: { "pay.cap": "60" } }, "rate_limited"],
    ["held", { args: '{"amount": 95, "currency": "usd"}' }, "hold"],
    ["allowed", { args: '{"amount": 5.25, "currency": "usd"}', grantId: world.grants[0]?.id ?? "" }, "allow"],
  ];

  test.each(cases)("%s, and the draft passes it", (name, form, kind) => {
    const policy = ready();
    const { facts: call, used } = facts({ at: "2026-03-04T12:00:00Z", ...form });
    const { verdict } = judgeSample(policy, call, used);
    expect(verdict.kind).toBe(kind);
    const added = addTest(text, toTest(name, { facts: call, used, verdict }, policy.document));
    const run = runPolicyTests(added.ok ? added.text : "", { digest: () => "" });
    expect(run).toMatchObject({ passed: 1, failed: 0 });
  });

  test("only facts that a rule looks at are given", () => {
    const { facts: call, used } = facts({ client: "bot", args: "{}" });
    const { given } = toTest("x", { facts: call, used, verdict: { kind: "allow" } }, ready().document);
    expect(given).toMatchObject({ client: null, server: null, category: null, now, grant: { id: null, tags: [] } });
  });
});
