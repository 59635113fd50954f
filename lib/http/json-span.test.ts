import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findDocument, findElements, findMembers, readString, readText } from "./json-span";

const bytes = (text: string) => new TextEncoder().encode(text);

test("every text that JSON.parse takes is a document, and members and elements are found where they stand", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(0, 1, 3), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      const source = bytes(` ${text}\n`);
      const span = findDocument(source);
      expect(span && readText(source, span)).toBe(text);
      if (!span || value === null || typeof value !== "object") return;
      const parts = Array.isArray(value) ? findElements(source, span) : findMembers(source, span);
      const read = parts?.map((part) => JSON.parse(readText(source, part) ?? "") as unknown);
      // Of the text, not of `value`: it says 0 for -0.
      expect(read).toEqual(Object.values(JSON.parse(text) as object));
    }),
  );
});

test("what JSON.parse refuses is no document, whatever the mutation", () => {
  const mutated = fc.tuple(
    fc.jsonValue({ maxDepth: 3 }),
    fc.nat(),
    fc.constantFrom(",", "}", "]", '"', ":", "-", "e", "0", "\\", ""),
  );
  fc.assert(
    fc.property(mutated, ([value, at, insert]) => {
      const text = JSON.stringify(value);
      const place = at % (text.length + 1);
      const broken = text.slice(0, place) + insert + text.slice(place + (insert === "" ? 1 : 0));
      let valid = true;
      try {
        JSON.parse(broken);
      } catch {
        valid = false;
      }
      expect(findDocument(bytes(broken)) !== null).toBe(valid);
    }),
    { numRuns: 500 },
  );
});

describe("doubt is null", () => {
  test.each([
    "",
    "{",
    "[1,]",
    '{"a":1,}',
    "01",
    "1.",
    "+1",
    "nul",
    '"\\x"',
    '"\u0001"',
    "{} {}",
    "'a'",
    "[1 2]",
    '{"a" 1}',
  ])("%j", (text) => {
    expect(findDocument(bytes(text))).toBeNull();
  });

  test("a key that stands twice, also escaped, leaves no members", () => {
    const source = bytes('{"tools":1,"\\u0074ools":2}');
    expect(findMembers(source, { start: 0, end: source.length })).toBeNull();
  });

  test("invalid UTF-8 gives no text", () => {
    const source = new Uint8Array([0x22, 0xff, 0x22]);
    expect(readString(source, { start: 0, end: 3 })).toBeNull();
  });

  test("nesting beyond the bound ends quickly", () => {
    expect(findDocument(bytes("[".repeat(100_000)))).toBeNull();
  });
});
