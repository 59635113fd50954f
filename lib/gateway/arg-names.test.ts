import { expect, test } from "vitest";
import { readJson } from "@/lib/kernel/json";
import { compilePolicy } from "@/lib/policy/compile";
import { parsePolicy } from "@/lib/policy/parse";
import { argNamesOf, hasLookalike } from "./arg-names";

const parsed = parsePolicy(`
version: "1"
tools:
  pay:
    rules:
      - name: a
        conditions: [{path: args.customerId, op: exists, value: true}, {path: "args.items[*].price", op: lte, value: 5}]
      - name: b
        action: deny
        when: [{path: args.to.name, op: eq, value: x}]
`);
if (!parsed.ok) throw new Error("the policy of this test does not parse");
const names = argNamesOf(compilePolicy(parsed.document, { digest: (text) => text }), "pay");

function looksAlike(args: string): boolean {
  const json = readJson(new TextEncoder().encode(args));
  if (!json.ok) throw new Error(json.message);
  return hasLookalike(json.value, names);
}

test.each([
  ['{"customerId":1}', false],
  ['{"customerid":1}', true],
  ['{"CUSTOMERID":1}', true],
  ['{"\uff43ustomerId":1}', true],
  ['{"items":[{"price":1},{"Price":9}]}', true],
  ['{"items":{"Price":9}}', false],
  ['{"Items":[]}', true],
  ['{"to":{"Name":"x"}}', true],
  ['{"to":{"other":{"Name":"x"}}}', false],
  ['{"Unrelated":1,"__proto__":{"customerid":1}}', false],
])("W7 %s → %s", (args, expected) => {
  expect(looksAlike(args)).toBe(expected);
});
