import { expect, test } from "vitest";
import { counterKey, type CounterPer } from "@/lib/quota/key";
import { toScope } from "./counter-scope";

const servers = new Map([["s1", "payments"]]);
const keyOf = (per: CounterPer, scopeId: string, by: string[] = []) =>
  counterKey({ per, scopeId, policyId: "p", counter: "t.c", meaning: "m", by });

test.each<[CounterPer, string, string]>([
  ["policy", "p", "Every grant of this policy"],
  ["server", "s1", "Server payments"],
  ["server", "gone", "Server gone"],
  ["org", "o", "Whole organisation"],
])("a counter per %s of %s is labelled with who shares it", (per, scopeId, label) => {
  expect(toScope(keyOf(per, scopeId, ['"usd"']), { grantLabel: null, servers })).toEqual({ per, by: ['"usd"'], label });
});

test("a grant's counter has the grant's label, whatever its key says", () => {
  expect(toScope(keyOf("grant", "g"), { grantLabel: "bot", servers })).toEqual({ per: "grant", by: [], label: "bot" });
  expect(toScope("sha256:00", { grantLabel: "bot", servers })).toEqual({ per: "grant", by: [], label: "bot" });
});

test("a shared counter whose key was shortened says only that", () => {
  expect(toScope("sha256:00", { grantLabel: null, servers })).toEqual({ per: null, by: [], label: "Shared" });
});
