import fc from "fast-check";
import { expect, test } from "vitest";
import { inOnePiece } from "./light-response.server";

const answerOf = (body: Uint8Array<ArrayBuffer>) => ({ status: 200, body, type: "json" as const, decisionId: null });

test("whatever bytes an answer has, the same bytes are sent", () => {
  const ascii = fc.string({ unit: "binary-ascii" }).map((text) => new TextEncoder().encode(text));
  fc.assert(
    fc.property(fc.oneof(ascii, fc.uint8Array()), fc.nat({ max: 3 }), (bytes, offset) => {
      const padded = new Uint8Array(bytes.length + offset);
      padded.set(bytes, offset);
      const { body } = inOnePiece(answerOf(padded.subarray(offset)));
      const sent = typeof body === "string" ? new TextEncoder().encode(body) : body;
      expect(sent).toEqual(Uint8Array.from(bytes));
    }),
  );
});

test("only short bytes in plain characters become text", () => {
  const isText = (text: string) => typeof inOnePiece(answerOf(new TextEncoder().encode(text))).body === "string";
  expect([isText("{}"), isText("ü"), isText("x".repeat(4_096)), isText("x".repeat(4_097))]).toEqual([
    true,
    false,
    true,
    false,
  ]);
});
