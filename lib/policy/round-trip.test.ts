import fc from "fast-check";
import { expect, test } from "vitest";
import { randomPolicies } from "@/lib/testing/random-policy";
import { expectSameDocument, parseGood } from "@/lib/testing/same-document";
import { editPolicy } from "./edit-yaml";
import { toDocument } from "./from-model";
import { writePolicyJson } from "./to-json";
import { toModel } from "./to-model";
import { writePolicy } from "./to-yaml";

const runs = 10_000;

test(
  `text → document → text and document → model → document: equal for ${runs} random texts with comments`,
  { timeout: 120_000 },
  () => {
    fc.assert(
      fc.property(randomPolicies(), ({ document, text }) => {
        const read = parseGood(text);
        expectSameDocument(read, document);
        expectSameDocument(toDocument(toModel(read)), read);
        const written = writePolicy(read);
        const again = parseGood(written);
        expectSameDocument(again, document);
        if (writePolicy(again) !== written) expect(writePolicy(again)).toBe(written);
      }),
      { numRuns: runs },
    );
  },
);

test("document → JSON → document: equal", { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(randomPolicies(), ({ document }) => {
      const text = writePolicyJson(document);
      expectSameDocument(parseGood(text), document);
    }),
    { numRuns: 500 },
  );
});

test("the model of a text, written into the text: the very same text", { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(randomPolicies(), ({ text }) => {
      expect(editPolicy(text, toModel(parseGood(text)))).toEqual({ ok: true, text });
    }),
    { numRuns: 500 },
  );
});
