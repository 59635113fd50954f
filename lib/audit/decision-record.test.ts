import fc from "fast-check";
import { expect, test } from "vitest";
import { canonical } from "./canonical";
import { parseRecord, toDecisionText, toOutcomeText } from "./decision-record";
import type { DecisionRecord, OutcomeRecord } from "./decision-record";
import { decisionWords, outcomeWords } from "./schema";

const text = fc.string({ unit: "grapheme" });
const maybe = fc.option(text, { nil: null });
const count = fc.option(fc.nat(), { nil: null });
const place = fc.record({ orgId: fc.uuid(), seq: fc.bigInt({ min: 1n, max: 2n ** 50n }), at: text });
const client = fc.record({ name: maybe, version: maybe, address: maybe });
const counted = fc.record({ name: text, window: text, windowStart: text });

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
      const members = { ...record, client: { ...record.client }, counted: record.counted.map((one) => ({ ...one })) };
      expect(stored).toBe(canonical({ v: 1, chain: "decisions", kind: "decision", org: orgId, seq, at, ...members }));
      const { counted: _counted, ...kept } = record;
      expect(parseRecord(stored)).toMatchObject({ ...kept, kind: "decision", org: orgId, seq: Number(seq), at });
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

test("a text that is not a record reads as null", () => {
  for (const stored of ["", "{", "null", "[]", "{}", '{"kind":"decision"}', '{"kind":"other"}']) {
    expect(parseRecord(stored)).toBeNull();
  }
});
