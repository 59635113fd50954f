import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findElements, findMembers, findRootMembers, type Span } from "./json-span";
import { applyEdits, cutMember, cutMembers, cutSpans, insertMember, setMember } from "./json-splice";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const root = (bytes: Uint8Array): Span => ({ start: 0, end: bytes.length });

function members(bytes: Uint8Array) {
  const found = findMembers(bytes, root(bytes));
  if (!found) throw new Error("no object");
  return found;
}

describe("one member of an object", () => {
  test("is set where it stands, and every other byte stays", () => {
    const bytes = bytesOf('{ "a" : 1.50 , "b":"x" }');
    expect(textOf(applyEdits(bytes, [setMember(root(bytes), members(bytes), "a", "2")]))).toBe('{ "a" : 2 , "b":"x" }');
  });

  test("is put in front when it is missing, also into an empty object", () => {
    for (const [text, after] of [
      ['{"a":1}', '{"b":true,"a":1}'],
      ["{}", '{"b":true}'],
    ] as const) {
      const bytes = bytesOf(text);
      expect(textOf(applyEdits(bytes, [setMember(root(bytes), members(bytes), "b", "true")]))).toBe(after);
      expect(textOf(applyEdits(bytes, [insertMember(root(bytes), members(bytes), "b", "true")]))).toBe(after);
    }
  });

  test.each([
    ["a", '{"b":2,"c":3}'],
    ["b", '{"a":1,"c":3}'],
    ["c", '{"a":1,"b":2}'],
  ])("%s is cut with one comma", (key, after) => {
    const bytes = bytesOf('{"a":1,"b":2,"c":3}');
    const cut = cutMember(members(bytes), key);
    expect(cut && textOf(applyEdits(bytes, [cut]))).toBe(after);
  });

  test("that is not there cannot be cut, and no edits give the very same array", () => {
    const bytes = bytesOf('{"a":1}');
    expect(cutMember(members(bytes), "z")).toBe(null);
    expect(applyEdits(bytes, [])).toBe(bytes);
  });
});

test("whatever is cut, what stays is valid JSON with exactly the kept parts in order", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.jsonValue(), fc.boolean())), fc.constantFrom("", " ", "\n  "), (items, space) => {
      const list = `[${items.map(([value]) => space + JSON.stringify(value) + space).join(",")}]`;
      const bytes = bytesOf(list);
      const spans = findElements(bytes, root(bytes)) ?? [];
      const kept = items.map(([, keep]) => keep);
      const wanted = items.filter(([, keep]) => keep).map(([value]) => value);
      expect(JSON.parse(textOf(applyEdits(bytes, cutSpans(spans, kept))))).toEqual(JSON.parse(JSON.stringify(wanted)));
      const object = bytesOf(
        `{${items.map(([value], at) => `"k${String(at)}"${space}:${JSON.stringify(value)}`).join(`,${space}`)}}`,
      );
      const left = applyEdits(
        object,
        cutMembers(members(object), ({ key }) => kept[Number(key.slice(1))] ?? false),
      );
      expect(findRootMembers(left)?.map(({ key }) => key)).toEqual(
        items.flatMap(([, keep], at) => (keep ? [`k${String(at)}`] : [])),
      );
    }),
  );
});
