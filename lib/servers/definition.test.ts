import { expect, test } from "vitest";
import { readDefinition, readToolPage } from "./definition";
import { SseReader } from "./sse";
import { toToolDtos } from "./tool-dto";

const digest = (text: string) => text;
const read = (text: string) => readDefinition(text, digest);

test("the digest covers what an agent can see, in any order and spacing, and nothing else", () => {
  const one = read(`{"name":"a","description":"d","inputSchema":{"type":"object","maximum":1e2},"_meta":{"x":1}}`);
  const two = read(
    `{ "inputSchema": {"maximum":100,"type":"object"}, "description":"d", "name":"a", "_meta":{"x":2} }`,
  );
  expect(one?.digest).toBe(two?.digest);
  for (const change of [`"title":"T"`, `"annotations":{}`, `"icons":[]`, `"outputSchema":{}`, `"execution":{}`]) {
    expect(
      read(`{"name":"a","description":"d","inputSchema":{"type":"object","maximum":100},${change}}`)?.digest,
    ).not.toBe(one?.digest);
  }
});

test("digests tell numbers apart that a double would merge, and take any double that a schema may hold", () => {
  const bound = (text: string) => read(`{"name":"a","inputSchema":{"maximum":${text}}}`);
  expect(bound("9007199254740992")?.digest).not.toBe(bound("9007199254740993")?.digest);
  expect(bound("1.7976931348623157e308")).not.toBeNull();
  expect(bound("5e-324")).not.toBeNull();
});

test.each([
  ["no name", `{"title":"x"}`],
  ["an empty name", `{"name":""}`],
  ["a name of 201 characters", `{"name":"${"x".repeat(201)}"}`],
  ["a name that is no text", `{"name":1}`],
  ["a list", `["name"]`],
  ["a key twice", `{"name":"a","name":"b"}`],
  ["too deep", `{"name":"a","x":${"[".repeat(60)}${"]".repeat(60)}}`],
  ["too large", `{"name":"a","x":"${"y".repeat(262_144)}"}`],
  ["not JSON", `{"name":`],
])("W12 a definition with %s is refused", (_, text) => {
  expect(read(text)).toBeNull();
});

test("a page gives the texts as they came; what is no page is null", () => {
  const page = (text: string) => readToolPage(new TextEncoder().encode(text));
  expect(page(`{"id":1,"result":{"tools":[ {"name": "ä"} ,{"name":"b"}],"nextCursor":"n"}}`)).toEqual({
    tools: [`{"name": "ä"}`, `{"name":"b"}`],
    nextCursor: "n",
  });
  expect(page(`{"result":{"tools":[],"nextCursor":null}}`)).toEqual({ tools: [], nextCursor: null });
  for (const text of [`{"result":{}}`, `{"result":{"tools":{}}}`, `{"error":{}}`, `[]`, `x`])
    expect(page(text)).toBeNull();
});

test("event streams are cut right wherever the bytes are split", () => {
  const text = `: note\r\nevent: message\r\ndata: {"a":\r\ndata: 1}\r\n\r\ndata:x\n\nid: 3\n\ndata: tail`;
  const whole = new SseReader().take(text);
  expect(whole).toEqual([`{"a":\n1}`, "x"]);
  for (let at = 0; at <= text.length; at += 1) {
    const reader = new SseReader();
    expect([...reader.take(text.slice(0, at)), ...reader.take(text.slice(at))]).toEqual(whole);
  }
});

const pinned = { digest: "", acceptedDefinition: null, acceptedDigest: null, blockedBy: null };
const row = { ...pinned, name: "a", goneAt: null, lastSeenAt: new Date(0), categoryOverride: null, riskOverride: null };

test("odd definitions are shown without what cannot be shown", () => {
  const bare = { title: null, description: "", parameters: [], annotations: {}, gone: false };
  for (const definition of [
    "",
    "[]",
    "null",
    `{"description":1,"inputSchema":"x","annotations":[true]}`,
    `{"inputSchema":{"properties":[]}}`,
    `{"annotations":{"readOnlyHint":"yes","title":"a"}}`,
  ]) {
    expect(toToolDtos([{ ...row, definition }])).toMatchObject([bare]);
  }
  const [shown] = toToolDtos([
    {
      ...row,
      definition: `{"inputSchema":{"properties":{"x":true,"__proto__":{"type":["string","null"]}},"required":["x"]}}`,
    },
  ]);
  expect(shown?.parameters).toEqual([
    { name: "x", type: "any", required: true, description: "" },
    { name: "__proto__", type: "string | null", required: false, description: "" },
  ]);
});

test("W6 listed tools whose names fold together point at each other", () => {
  const names = ["pay", "Pay", "p\u200bay", "\uff50ay", "pay_order"];
  const rows = names.map((name) => ({ ...row, name, definition: "{}" }));
  const shown = toToolDtos([...rows, { ...row, name: "PAY", definition: "{}", goneAt: new Date(0) }]);
  expect(shown.map((tool) => tool.looksLike.length)).toEqual([3, 3, 3, 3, 0, 0]);
  expect(shown[0]?.looksLike).toEqual(["Pay", "p\u200bay", "\uff50ay"]);
});

test("an override stands on top of what the definition says, and a category alone never lowers the risk", () => {
  const shown = (name: string, categoryOverride: string | null, riskOverride: string | null) =>
    toToolDtos([{ ...row, name, definition: "{}", categoryOverride, riskOverride }])[0];
  expect(shown("delete_row", null, null)).toMatchObject({ category: "destructive", risk: "critical" });
  expect(shown("delete_row", "read", null)).toMatchObject({
    category: "read",
    risk: "critical",
    computed: { category: "destructive", risk: "critical" },
    overridden: { category: true, risk: false },
  });
  expect(shown("delete_row", "write", "medium")).toMatchObject({ category: "write", risk: "medium" });
  expect(shown("get_row", "financial", null)).toMatchObject({ category: "financial", risk: "critical" });
  expect(shown("get_row", "odd word", "")).toMatchObject({
    category: "read",
    risk: "low",
    overridden: { category: false, risk: false },
  });
});
