import fc from "fast-check";
import { expect, test } from "vitest";
import { filterToolList, type ListFilter } from "./list-filter";
import { findKnownTool } from "./list-known";
import { pinAction } from "./list-pins";

const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = (data: Uint8Array | undefined) => new TextDecoder().decode(data);

const accepted = new Map(
  ["pay", "päy", "p", "pa", "late"].map((name) => {
    const rest = `"description":"}]\\"ü ${name}","inputSchema":{"type":"object","properties":{"a":{"enum":[1.0,"]"]}}}`;
    return [name, { accepted: name === "late" ? `{${rest},"name":"${name}"}` : `{"name":"${name}",${rest}}` }];
  }),
);

/** As accepted, or with one part of it changed. */
const listed = fc
  .tuple(
    fc.constantFrom(...accepted.keys(), "new"),
    fc.constantFrom(
      (text: string) => text,
      (text: string) => text,
      (text: string) => text.replace("ü", "u"),
      (text: string) => text.replace('"type"', '"type" '),
      (text: string) => text.replace(/\}$/, ',"x":1}'),
      (text: string) => text.replace("pa", "p\\u0061"),
      (text: string) => text.replace("{", "{ "),
    ),
  )
  .map(([name, change]) => ({ name, text: change(accepted.get(name)?.accepted ?? `{"name":"${name}"}`) }));

test("whatever is listed, each tool passes as it passes by itself, whether it was recognised or read", () => {
  fc.assert(
    fc.property(
      fc.array(listed, { maxLength: 6 }),
      fc.constantFrom<ListFilter["pins"]["drift"]>("enforce", "hold", "warn", "off"),
      (tools, drift) => {
        const pins = { tools: accepted, drift };
        const list = filterToolList(bytes(`{"result":{"tools":[${tools.map(({ text }) => text).join(",")}]}}`), {
          policy: null,
          pins,
          isModern: false,
        });
        const passed = tools.flatMap(({ name, text }) => {
          const action = pinAction(name, text, pins);
          return action.kind === "cut" ? [] : [action.kind === "replace" ? action.text : text];
        });
        expect(textOf(list?.bytes)).toBe(`{"result":{"tools":[${passed.join(",")}]}}`);
        expect(list?.tools).toEqual(tools.map(({ name, text }) => ({ name, definition: text })));
      },
    ),
  );
});

const known = (text: string, tools: ListFilter["pins"]["tools"]) =>
  findKnownTool(bytes(text), 0, { tools, drift: "enforce" });

test("only the whole accepted text is recognised, and what follows it does not matter", () => {
  const text = accepted.get("pay")?.accepted ?? "";
  expect(known(text, accepted)).toEqual({ tool: { name: "pay", definition: text }, end: bytes(text).length });
  expect(known(`${text},{`, accepted)?.end).toBe(bytes(text).length);
  for (const other of [text.slice(0, -1), text.replace("ü", "u"), ` ${text}`, "", '{"name":"pay']) {
    expect(known(other, accepted)).toBeNull();
  }
});

test("a catalogue's text that is not one object of that name is never recognised", () => {
  for (const text of [
    '{"name":"pay"}]',
    '{"name":"pay"},{"name":"x"}',
    '{"name":"pay","name":"other"}',
    '{"name":"pay","n\\u0061me":"other"}',
    '{"name":"pay"',
    '{"name":"pay"} ',
  ]) {
    expect(known(text, new Map([["pay", { accepted: text }]]))).toBeNull();
  }
  expect(known('{"name":"pay"}', new Map([["pay", { accepted: '{"name":"pay"}' }]]))).not.toBeNull();
});
