import { expect, test } from "vitest";
import { uniteObjects } from "./bundle-capabilities";
import { listeningEventId, answerEventId, parseEventId } from "./bundle-events";
import { joinPages, parseCursor, readPage, type MemberPage } from "./bundle-page";
import { parseSessionText, toSessionText } from "./bundle-session";

const bytes = (text: string) => new TextEncoder().encode(text);
const tools = { key: "tools", isNamed: true };
const read = (result: string, prefix = "p") => readPage(bytes(`{"id":1,"result":${result}}`), "s", tools, prefix);
const join = (...pages: (MemberPage | null)[]) =>
  new TextDecoder().decode(
    joinPages(
      "1",
      "tools",
      pages.flatMap((page) => page ?? []),
      "legacy",
    ),
  );

test("a name gets its prefix behind its quotation mark and no other byte changes", () => {
  const page = read(`{"tools":[ {"b":1.50, "name" : "\\u0061b","_meta":{"name":"x"}} , {"name":"c"}]}`);
  expect(join(page)).toBe(
    `{"jsonrpc":"2.0","id":1,"result":{"tools":[{"b":1.50, "name" : "p__\\u0061b","_meta":{"name":"x"}},{"name":"p__c"}]}}`,
  );
});

test("a name that leaves no room for its prefix is left out, a list that cannot be read is no page", () => {
  expect(read(`{"tools":[{"name":"${"x".repeat(126)}"},{"name":"y"}]}`)?.entries).toHaveLength(1);
  for (const result of [`{"tools":{}}`, `{"tools":[1]}`, `{"tools":[{"title":"x"}]}`, `{}`, `[]`]) {
    expect([result, read(result)]).toEqual([result, null]);
  }
});

test("one cursor holds the cursors of all lists that go on", () => {
  const joined = join(read(`{"tools":[],"nextCursor":"é/1"}`), read(`{"tools":[],"nextCursor":null}`));
  const { nextCursor } = (JSON.parse(joined) as { result: { nextCursor: string } }).result;
  expect(parseCursor(nextCursor)).toEqual(new Map([["s", "é/1"]]));
  for (const wrong of ["", "b1.", "b1.e30", "b1.W10", "b1.!!", "x"]) expect(parseCursor(wrong)).toBeNull();
});

test("capabilities are the union: what one server has, the bundle has, and true wins", () => {
  const united = uniteObjects([
    `{"tools":{"listChanged":false},"x":{"n":1.50}}`,
    `{"tools":{"listChanged":true},"resources":{"subscribe":true}}`,
    `not json`,
    `{"list":["a","b"]}`,
    `{"list":["b","c"]}`,
  ]);
  expect(united).toBe(
    `{"tools":{"listChanged":true},"x":{"n":1.50},"resources":{"subscribe":true},"list":["a","b","c"]}`,
  );
});

test("an event id says whose stream it was and where each server's was left", () => {
  expect(parseEventId(answerEventId("a", "s.1_2"))).toEqual({ kind: "answer", prefix: "a", id: "s.1_2" });
  const ids = new Map([
    ["a", "1"],
    ["b", "é"],
  ]);
  expect(parseEventId(listeningEventId(ids))).toEqual({ kind: "listening", ids });
  for (const wrong of ["", "1", "p.", "g.", "g.e30", "g.WzFd"]) expect(parseEventId(wrong)).toBeNull();
});

test("a session text gives back what went in, and nothing else is one", () => {
  const servers = new Map([
    ["s", { session: "x", version: "2025-11-25" as const }],
    ["t", { session: null, version: "2025-06-18" as const }],
  ]);
  const session = { client: { name: "desk", version: null }, servers };
  expect(parseSessionText(toSessionText(session))).toEqual(session);
  const wrongRows = [`[["s",1,"2025-11-25"]]`, `[["s",null,"1999-01-01"]]`, `["s"]`, `{}`];
  for (const wrong of ["", "{}", "[]", "[1,null,[]]", ...wrongRows.map((rows) => `[null,null,${rows}]`)]) {
    expect([wrong, parseSessionText(wrong)]).toEqual([wrong, null]);
  }
});
