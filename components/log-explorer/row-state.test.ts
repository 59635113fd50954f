import { expect, test } from "vitest";
import { reasonText } from "./reasons";
import { decisionState, outcomeState } from "./row-state";
import { ruleName } from "./rule-name";

test("a hidden tool's denial is drawn as hidden, every other one as denied", () => {
  expect(decisionState({ decision: "deny", rule: "(hidden)" })).toBe("hidden");
  expect(decisionState({ decision: "deny", rule: "(default deny)" })).toBe("deny");
  expect(decisionState({ decision: "rate_limited", rule: "/tools/a/rules/b" })).toBe("rate_limited");
});

test("only an allowed call has an end", () => {
  expect(outcomeState({ decision: "deny", outcome: null, outcomeReason: null })).toBeNull();
  expect(outcomeState({ decision: "allow", outcome: null, outcomeReason: null })).toBe("running");
  expect(outcomeState({ decision: "allow", outcome: "posted", outcomeReason: null })).toBe("posted");
  expect(outcomeState({ decision: "allow", outcome: "void", outcomeReason: "upstream_unreachable" })).toBe(
    "upstream_error",
  );
  expect(outcomeState({ decision: "allow", outcome: "void", outcomeReason: "http 503" })).toBe("upstream_error");
  expect(outcomeState({ decision: "allow", outcome: "void", outcomeReason: "tool_error" })).toBe("void");
  expect(outcomeState({ decision: "allow", outcome: "in_doubt", outcomeReason: "upstream_timeout" })).toBe("in_doubt");
});

test("a rule is told by its name, also when the name holds a slash", () => {
  expect(ruleName("/tools/create_charge/rules/max single charge")).toBe("max single charge");
  expect(ruleName("/tools/a/rules/in~1out")).toBe("in/out");
  expect(ruleName("(default deny)")).toBe("(default deny)");
});

test("reasons of the rules and of the error table have words, unknown ones stay", () => {
  expect(reasonText("absent")).toContain("missing");
  expect(reasonText("upstream_timeout")).toBe("The server did not answer in time; the call may have run.");
  expect(reasonText("http 503")).toBe("The server answered with HTTP status 503.");
  expect(reasonText("something_new")).toBe("something_new");
});
