import fc from "fast-check";
import { LosslessNumber, parse } from "lossless-json";
import { describe, expect, test } from "vitest";
import { isDecimal, toText } from "./decimal";
import { readJson } from "./json";
import type { JsonLimits } from "./json";
import type { Value } from "./value";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (text: string, limits?: Partial<JsonLimits>) => readJson(bytesOf(text), limits);

function faultOf(input: string | number[], limits?: Partial<JsonLimits>): string {
  const result = readJson(typeof input === "string" ? bytesOf(input) : new Uint8Array(input), limits);
  return result.ok ? "read" : result.code;
}

/** A value in plain JavaScript with numbers as `#text`, to compare two readers. */
function plain(value: Value): unknown {
  if (isDecimal(value)) return `#${toText(value)}`;
  if (value instanceof Map) return [...(value as ReadonlyMap<string, Value>)].map(([key, item]) => [key, plain(item)]);
  return Array.isArray(value) ? (value as readonly Value[]).map(plain) : value;
}

function plainOracle(value: unknown): unknown {
  if (value instanceof LosslessNumber) return `#${/^-0(\.0*)?$/.test(value.value) ? "0" : value.value}`;
  if (Array.isArray(value)) return value.map(plainOracle);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value).map(([key, item]) => [key, plainOracle(item)]);
}

describe("what is read", { timeout: 60_000 }, () => {
  test("agrees with lossless-json on random texts, in values and order", () => {
    const json = fc.json({ depthSize: "medium", noUnicodeString: false });
    fc.assert(
      fc.property(json, fc.boolean(), (text, pretty) => {
        const source = pretty ? JSON.stringify(JSON.parse(text), null, "\t \r\n") : text;
        const result = read(source, { folding: "allow" });
        if (!result.ok) {
          expect(["number", "encoding"]).toContain(result.code);
          return;
        }
        if (/[eE]|__proto__/.test(source)) return;
        const oracle: unknown = parse(source);
        // Keys that look like whole numbers are sorted by plain objects, so order is compared without them.
        if (!/"\d+":/.test(source)) expect(plain(result.value)).toEqual(plainOracle(oracle));
      }),
      { numRuns: 3000 },
    );
  });

  test("agrees with JSON.parse on every text of JSON's own characters: both read it or both refuse it", () => {
    const unit = fc.constantFrom(...'{}[]:,"\\ \n0123-+.eEtrufalsn/xé\u{1f600}');
    const soup = fc.array(unit, { maxLength: 12 }).map((parts) => parts.join(""));
    const near = fc
      .tuple(fc.json(), fc.nat(40), unit)
      .map(([text, at, extra]) => text.slice(0, at) + extra + text.slice(at));
    fc.assert(
      fc.property(fc.oneof(soup, near), (text) => {
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        const fault = faultOf(text, { folding: "allow" });
        if (valid) expect(["read", "number", "duplicate_key", "encoding"]).toContain(fault);
        else expect(fault).not.toBe("read");
      }),
      { numRuns: 5000 },
    );
  });

  test("strings keep every character, escaped or not", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
        const clean = text.replaceAll("\0", "");
        const escaped = [...Array(clean.length).keys()].map((at) => {
          return `\\u${clean.charCodeAt(at).toString(16).padStart(4, "0")}`;
        });
        expect(read(JSON.stringify(clean))).toMatchObject({ ok: true, value: clean });
        expect(read(`"${escaped.join("")}"`)).toMatchObject({ ok: true, value: clean });
      }),
      { numRuns: 1000 },
    );
  });

  test("strings longer than any buffer are whole", () => {
    const text = 'aé\u{1f600}"'.repeat(20_000);
    expect(read(JSON.stringify(text))).toMatchObject({ ok: true, value: text });
  });

  test("W5 names of Object.prototype are plain keys", () => {
    const result = read('{"__proto__":{"a":1},"constructor":2,"toString":3,"hasOwnProperty":4}');
    expect(result.ok && plain(result.value)).toEqual([
      ["__proto__", [["a", "#1"]]],
      ["constructor", "#2"],
      ["toString", "#3"],
      ["hasOwnProperty", "#4"],
    ]);
  });

  test.each([
    ["9007199254740993", "9007199254740993"],
    ["1.000000000000000001", "1.000000000000000001"],
    ["999999999999999", "999999999999999"],
    ["1234567890123456", "1234567890123456"],
    ["-12", "-12"],
    ["-0", "0"],
    ["0", "0"],
    ["1E2", "100"],
    ["0.10", "0.1"],
  ])("W2 %s never passes through a double", (text, exact) => {
    const result = read(`[${text}]`);
    expect(result.ok && plain(result.value)).toEqual([`#${exact}`]);
  });
});

test("W9 strings agree with the platform's fatal decoder on every byte sequence", () => {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const byte = fc.oneof(
    fc.nat(255),
    fc.constantFrom(0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf),
  );
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 8 }), (inner) => {
      if (inner.some((one) => one < 0x20 || one === 0x22 || one === 0x5c)) return;
      const bytes = new Uint8Array([0x22, ...inner, 0x22]);
      let decoded: string | null = null;
      try {
        decoded = decoder.decode(new Uint8Array(inner));
      } catch {
        decoded = null;
      }
      if (decoded === null) expect(faultOf([...bytes])).toBe("encoding");
      else expect(readJson(bytes)).toMatchObject({ ok: true, value: decoded });
    }),
    { numRuns: 10_000 },
  );
});

describe("spans", () => {
  test("cut out exactly the bytes of each member, also behind multi-byte text", () => {
    const text = '{ "jsonrpc":"2.0", "é": "ü" ,"params" : {"name":"x","arguments": {"a":[1, 2]} }, "id": 7 }';
    const bytes = bytesOf(text);
    const result = readJson(bytes);
    if (!result.ok) throw new Error(result.message);
    const cut = (spans: ReadonlyMap<string, { start: number; end: number }>) =>
      Object.fromEntries(
        [...spans].map(([key, at]) => [key, new TextDecoder().decode(bytes.subarray(at.start, at.end))]),
      );
    expect(cut(result.spans.root)).toEqual({
      jsonrpc: '"2.0"',
      é: '"ü"',
      params: '{"name":"x","arguments": {"a":[1, 2]} }',
      id: "7",
    });
    expect(cut(result.spans.params)).toEqual({ name: '"x"', arguments: '{"a":[1, 2]}' });
    expect(result.spans.result.size).toBe(0);
  });

  test("give the elements of each list in a result", () => {
    const text = '{"result":{"tools":[ {"name":"a"} ,{"name":"b"}],"nextCursor":"c","other":[]}}';
    const result = read(text);
    if (!result.ok) throw new Error(result.message);
    const tools = result.spans.items.get("tools") ?? [];
    expect(tools.map(({ start, end }) => text.slice(start, end))).toEqual(['{"name":"a"}', '{"name":"b"}']);
    expect(result.spans.result.get("nextCursor")).toEqual({ start: text.indexOf('"c"'), end: text.indexOf('"c"') + 3 });
    expect(result.spans.items.has("other")).toBe(false);
  });

  test("are empty for a batch", () => {
    const result = read('[{"params":{"a":1}}]');
    expect(result.ok && result.spans.root.size + result.spans.params.size).toBe(0);
  });
});

describe("refusals", () => {
  test.each([
    ['{"a":1,"a":2}', "top level"],
    ['{"method":"x","\\u006dethod":"y"}', "escaped"],
    ['{"params":{"name":1,"name":1}}', "in params"],
    ['{"params":{"arguments":{"x":{"amount":1,"\\u0061mount":9}}}}', "deep and escaped"],
    ['[{"":1,"":2}]', "empty key"],
    ['{"é":1,"\\u00e9":2}', "multi-byte"],
  ])("W1 duplicate key: %s (%s)", (text) => {
    expect(faultOf(text)).toBe("duplicate_key");
  });

  test.each([
    ['{"method":1,"Method":2}'],
    ['{"Method":1,"method":2}'],
    ['{"params":1,"param\u017f":2}'],
    ['{"a":{"amount":1,"other":2,"AMOUNT":3}}'],
    ['{"a":{"ﬀ":1,"ff":2}}'],
    ['{"ß":1,"SS":2}'],
    ['{"K":1,"k":2}'.replace("K", "\u212a")],
    ['{"ａ":1,"a":2}'],
    ['{"camelCase":1,"snake":2,"camelcase":3}'],
  ])("W7 keys that fold together: %s", (text) => {
    expect(faultOf(text)).toBe("folded_key");
    expect(faultOf(text, { folding: "allow" })).toBe("read");
  });

  test("W7 the same key in different objects, and camel case alone, are fine", () => {
    expect(faultOf('{"protocolVersion":{"protocolversion":1},"clientInfo":[{"A":1},{"a":1}],"B":1,"C":2}')).toBe(
      "read",
    );
  });

  test("W8 depth, nodes and key length end at their bounds", () => {
    const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
    expect(faultOf(nested(64))).toBe("read");
    expect(faultOf(nested(65))).toBe("depth");
    expect(faultOf(nested(10_000))).toBe("depth");
    expect(faultOf(`[${"0,".repeat(9_998)}0]`)).toBe("read");
    expect(faultOf(`[${"0,".repeat(9_999)}0]`)).toBe("depth");
    expect(faultOf(`{"${"k".repeat(1024)}":1}`)).toBe("read");
    expect(faultOf(`{"${"k".repeat(1025)}":1}`)).toBe("depth");
  });

  test.each([
    ["byte order mark", [0xef, 0xbb, 0xbf, 0x7b, 0x7d]],
    ["UTF-16 with mark", [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]],
    ["UTF-16 without mark", [0x7b, 0x00, 0x7d, 0x00]],
    ["stray continuation byte", [0x22, 0x80, 0x22]],
    ["overlong slash", [0x22, 0xc0, 0xaf, 0x22]],
    ["overlong in three bytes", [0x22, 0xe0, 0x80, 0xaf, 0x22]],
    ["overlong in four bytes", [0x22, 0xf0, 0x80, 0x80, 0xaf, 0x22]],
    ["surrogate in UTF-8", [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ["beyond U+10FFFF", [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]],
    ["cut sequence", [0x22, 0xe2, 0x82, 0x22]],
    ["Latin-1", [0x22, 0xe9, 0x22]],
    ["byte 0xFF", [0x22, 0xff, 0x22]],
    ["raw NUL in a string", [0x22, 0x00, 0x22]],
    ["raw NUL in a key", [0x7b, 0x22, 0x00, 0x22, 0x3a, 0x31, 0x7d]],
  ])("W9 %s is not plain UTF-8", (_, bytes) => {
    expect(faultOf(bytes)).toBe("encoding");
  });

  test.each([
    String.raw`"\u0000"`,
    String.raw`"\ud800"`,
    String.raw`"\ud800x"`,
    String.raw`"\ud800A"`,
    String.raw`"\ud800\n"`,
    String.raw`"\ud800\ud800"`,
    String.raw`"\udc00"`,
    String.raw`"\udc00\ud800"`,
    String.raw`{"\udead":1}`,
  ])("W9 %s holds a NUL or a lone surrogate", (text) => {
    expect(faultOf(text)).toBe("encoding");
  });

  test.each([
    "1e999",
    "-1e999",
    "1e31",
    "1e-31",
    "1".repeat(31),
    "9".repeat(400),
    "0." + "1".repeat(31),
    "1" + "0".repeat(5000),
  ])("W2 number out of range: %s", (text) => {
    expect(faultOf(`{"amount":${text}}`)).toBe("number");
  });

  test("wider limits read wider numbers", () => {
    const result = read("1.7976931348623157e308", { digits: 40, exponent: 400 });
    expect(result.ok && isDecimal(result.value) && toText(result.value).length).toBe(309);
  });

  test.each([
    "",
    " ",
    "{",
    "[",
    '"',
    "}",
    "nul",
    "truee",
    "True",
    "{a:1}",
    "{'a':1}",
    "[1,]",
    "[,1]",
    '{"a":1,}',
    '{"a" 1}',
    '{"a"}',
    "1 2",
    "{} {}",
    "01",
    "-",
    "1.",
    ".5",
    "+1",
    "0x1",
    "1e",
    "NaN",
    "Infinity",
    "// c\n1",
    "[1 2]",
    '"\t"',
    '"\\x"',
    '"\\u12"',
    '"\\u00@0"',
    '"\\u 123"',
    "\u00a01".replace("\u00a0", "\v"),
    '"a\nb"',
    "[1]]",
    "{1:2}",
    "--1",
  ])("not JSON: %j", (text) => {
    expect(faultOf(text)).toBe("syntax");
  });

  test("the message names the byte and none of the content", () => {
    expect(read('{"secret": hunter2}')).toEqual({
      ok: false,
      code: "syntax",
      message: "Unexpected character at byte 11",
    });
  });

  test("random bytes never throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(typeof readJson(bytes).ok).toBe("boolean");
      }),
      { numRuns: 2000 },
    );
  });
});
