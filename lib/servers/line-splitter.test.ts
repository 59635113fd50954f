import fc from "fast-check";
import { expect, test } from "vitest";
import { LineSplitter, toLine } from "./line-splitter";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (line: Uint8Array) => new TextDecoder().decode(line);

test("lines are the same however the stream is cut, without their breaks and without empty ones", () => {
  const line = fc.string({ unit: fc.constantFrom("a", "é", "{", " ", "\r") }).map((given) => given.replace(/\r+$/, ""));
  fc.assert(
    fc.property(fc.array(line), fc.constantFrom("\n", "\r\n"), fc.array(fc.nat(20)), (lines, end, cuts) => {
      const stream = bytes(lines.map((given) => given + end).join(""));
      const splitter = new LineSplitter(1_000_000);
      const found: string[] = [];
      let from = 0;
      for (const cut of [...cuts, stream.length]) {
        found.push(...(splitter.push(stream.subarray(from, from + cut)) ?? []).map(text));
        from += cut;
      }
      expect(found).toEqual(lines.filter((given) => given !== ""));
    }),
  );
});

test("a line over the bound is refused, complete or not, and one at the bound is not", () => {
  expect(new LineSplitter(3).push(bytes("abc\n"))?.map(text)).toEqual(["abc"]);
  expect(new LineSplitter(3).push(bytes("abcd\n"))).toBeNull();
  const endless = new LineSplitter(3);
  expect(endless.push(bytes("ab"))).toEqual([]);
  expect(endless.push(bytes("cd"))).toBeNull();
});

test("a message on one line is the same JSON, whatever breaks stood in it", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom("\n", "\r\n"), (value, end) => {
      const pretty = JSON.stringify(value, null, 2).replaceAll("\n", end);
      const line = text(toLine(bytes(pretty)));
      expect(line.indexOf("\n")).toBe(line.length - 1);
      expect(JSON.parse(line)).toEqual(JSON.parse(pretty));
    }),
  );
});
