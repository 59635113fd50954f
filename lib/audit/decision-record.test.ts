import fc from "fast-check";
import { expect, test } from "vitest";
import { canonical } from "./canonical";
import { parseRecord, toDecisionText, toOutcomeText } from "./decision-record";
import type { DecisionRecord, OutcomeRecord } from "./decision-record";
import { decisionWords, outcomeWords, shadowWords } from "./schema";

const text = fc.string({ unit: "grapheme" });
const maybe = fc.option(text, { nil: null });
const count = fc.option(fc.nat(), { nil: null });
const place = fc.record({ orgId: fc.uuid(), seq: fc.bigInt({ min: 1n, max: 2n ** 50n }), at: text });
const client = fc.record({ name: maybe, version: maybe, address: maybe });
const counted = fc.record({ name: text, window: text, windowStart: text, near: fc.boolean() });
const note = fc.record({ rule: text, would: fc.constantFrom(...shadowWords) });

const decision: fc.Arbitrary<DecisionRecord> = fc.record({
  decisionId: fc.uuid(),
  decision: fc.constantFrom(...decisionWords),
  rule: text,
  reason: text,
  grantId: fc.uuid(),
  serverId: fc.uuid(),
  policyId: fc.option(fc.uuid(), { nil: null }),
  policyVersion: count,
  policyHash: maybe,
  method: text,
  tool: maybe,
  argKeys: fc.array(text),
  argDigest: maybe,
  client,
  protocolVersion: maybe,
  counted: fc.array(counted, { maxLength: 3 }),
  shadow: fc.option(fc.array(note, { minLength: 1, maxLength: 3 }), { nil: null }),
});

const outcome: fc.Arbitrary<OutcomeRecord> = fc.record({
  decisionId: fc.uuid(),
  end: fc.constantFrom("success", "failure", "tool_error", "unknown"),
  state: fc.constantFrom(...outcomeWords),
  reason: maybe,
  upstreamStatus: count,
  upstreamMs: count,
  totalMs: count,
});

test("L4 a decision's text is the canonical text of its members, and reads back", () => {
  fc.assert(
    fc.property(place, decision, ({ orgId, seq, at }, record) => {
      const stored = toDecisionText({ orgId, seq, at }, record);
      const { shadow, ...always } = record;
      const members = {
        ...always,
        client: { ...record.client },
        counted: record.counted.map(({ near, ...one }) => (near ? { ...one, near } : one)),
        ...(shadow === null ? {} : { shadow: shadow.map((one) => ({ ...one })) }),
      };
      expect(stored).toBe(canonical({ v: 1, chain: "decisions", kind: "decision", org: orgId, seq, at, ...members }));
      expect(parseRecord(stored)).toMatchObject({ ...record, kind: "decision", org: orgId, seq: Number(seq), at });
    }),
  );
});

test("L4 an outcome's text is the canonical text of its members, and reads back", () => {
  fc.assert(
    fc.property(place, outcome, ({ orgId, seq, at }, record) => {
      const stored = toOutcomeText({ orgId, seq, at }, record);
      expect(stored).toBe(canonical({ v: 1, chain: "decisions", kind: "outcome", org: orgId, seq, at, ...record }));
      expect(parseRecord(stored)).toMatchObject({
        kind: "outcome",
        state: record.state,
        decisionId: record.decisionId,
      });
    }),
  );
});

test("L4 a decision without notes has the text that it had before there were any, and that text reads back", () => {
  const stored =
    '{"argDigest":null,"argKeys":[],"at":"2026-01-01T00:00:00.000Z","chain":"decisions",' +
    '"client":{"address":null,"name":null,"version":null},' +
    '"counted":[{"name":"spend","window":"day","windowStart":"2026-01-01T00:00:00.000Z"}],"decision":"allow",' +
    '"decisionId":"d","grantId":"g","kind":"decision","method":"tools/call","org":"o","policyHash":null,"policyId":null,' +
    '"policyVersion":null,"protocolVersion":null,"reason":"allowed","rule":"","seq":1,"serverId":"s","tool":"pay","v":1}';
  const read = parseRecord(stored);
  if (read?.kind !== "decision") throw new Error("not read");
  expect(read).toMatchObject({ shadow: null, counted: [{ name: "spend", near: false }] });
  const record = { ...read, decision: "allow", client: { ...read.client } } as const;
  expect(toDecisionText({ orgId: read.org, seq: 1n, at: read.at }, record)).toBe(stored);
});

test("a text that is not a record reads as null", () => {
  for (const stored of ["", "{", "null", "[]", "{}", '{"kind":"decision"}', '{"kind":"other"}']) {
    expect(parseRecord(stored)).toBeNull();
  }
});
