import fc from "fast-check";
import { expect, test } from "vitest";
import { filterToolList } from "./list-filter";

const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = (data: Uint8Array | undefined) => new TextDecoder().decode(data);
const isHidden = (name: string) => name.startsWith("h");
const filter = { isHidden, isModern: false };

test("whatever is hidden, what is left is the upstream's own bytes in the upstream's order", () => {
  const tool = fc.tuple(fc.constantFrom("h1", "h2", "a", "b", "c"), fc.constantFrom("", " ", "\n"));
  fc.assert(
    fc.property(fc.array(tool, { maxLength: 8 }), fc.constantFrom("", " ", "\t"), (tools, space) => {
      const render = (name: string, pad: string) => `{${pad}"name":${pad}"${name}","v":1.0${pad}}`;
      const text = `{"id":1,"result":{"tools":[${space}${tools.map(([name, pad]) => render(name, pad)).join(`${space},${space}`)}${space}],"z":-0}}`;
      const filtered = textOf(filterToolList(bytes(text), filter)?.bytes);
      const kept = tools.filter(([name]) => !isHidden(name)).map(([name, pad]) => render(name, pad));
      const result = JSON.parse(filtered) as { result: { tools: { name: string }[] } };
      expect(result.result.tools.map(({ name }) => name)).toEqual(
        tools.map(([name]) => name).filter((name) => !isHidden(name)),
      );
      for (const one of kept) expect(filtered).toContain(one);
      expect(filtered.endsWith('],"z":-0}}')).toBe(true);
      if (kept.length === tools.length) expect(filtered).toBe(text);
    }),
  );
});

test("an escaped name is the name", () => {
  const list = filterToolList(bytes('{"id":1,"result":{"tools":[{"name":"\\u0068idden"}]}}'), filter);
  expect(textOf(list?.bytes)).toBe('{"id":1,"result":{"tools":[]}}');
});

test("only a list without a next cursor is complete", () => {
  const isLast = (more: string) => filterToolList(bytes(`{"result":{"tools":[]${more}}}`), filter)?.isLast;
  expect([isLast(""), isLast(',"nextCursor":null'), isLast(',"nextCursor":"x"')]).toEqual([true, true, false]);
});

test("a modern list is private and short-lived, whatever the upstream says", () => {
  const modern = (result: string) =>
    textOf(filterToolList(bytes(`{"result":${result}}`), { isHidden, isModern: true })?.bytes);
  expect(modern('{"tools":[],"ttlMs":99999,"cacheScope":"public"}')).toBe(
    '{"result":{"tools":[],"ttlMs":30000,"cacheScope":"private"}}',
  );
  expect(modern('{"tools":[],"ttlMs":"long"}')).toBe('{"result":{"cacheScope":"private","tools":[],"ttlMs":30000}}');
});

test("500 tools are filtered in little time", () => {
  const tool = (index: number) => ({
    name: index % 10 === 0 ? `h${String(index)}` : `t${String(index)}`,
    description: "x".repeat(200),
    inputSchema: { type: "object", properties: { a: { type: "string" }, b: { type: "number" } } },
  });
  const source = bytes(JSON.stringify({ id: 1, result: { tools: Array.from({ length: 500 }, (_, i) => tool(i)) } }));
  for (let i = 0; i < 20; i++) filterToolList(source, filter);
  const started = performance.now();
  expect(filterToolList(source, filter)?.tools).toHaveLength(500);
  expect(performance.now() - started).toBeLessThan(20);
});
