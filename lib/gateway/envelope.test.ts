import { describe, expect, test } from "vitest";
import { readJson } from "@/lib/kernel/json";
import { readEnvelope, type EnvelopeResult } from "./envelope";

function read(text: string): EnvelopeResult {
  const json = readJson(new TextEncoder().encode(text));
  if (!json.ok) throw new Error(json.message);
  return readEnvelope(json.value);
}

const brief = (result: EnvelopeResult) => (result.ok ? result.message.kind : `${result.code} ${result.idText}`);

describe("one JSON-RPC message, or the reason why not", () => {
  test.each([
    ['{"jsonrpc":"2.0","id":1,"method":"ping"}', "request"],
    ['{"jsonrpc":"2.0","id":"a","method":"ping","params":{}}', "request"],
    ['{"jsonrpc":"2.0","method":"notifications/x"}', "notification"],
    ['{"jsonrpc":"2.0","id":1,"result":{}}', "response"],
    ['{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}', "response"],
    ['{"jsonrpc":"2.0","id":1.0,"method":"ping"}', "request"],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', "envelope 1"],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","params":null}', "envelope 1"],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":1}}', "envelope 1"],
    ['{"jsonrpc":"2.0","id":1,"method":""}', "envelope 1"],
    ['{"jsonrpc":"2.0","id":1,"method":5}', "envelope 1"],
    ['{"jsonrpc":"2.0","id":1}', "envelope 1"],
    ['{"jsonrpc":"2.0","id":1,"method":"a","result":1}', "envelope 1"],
    ['{"jsonrpc":"2.0","id":1,"result":1,"error":{}}', "envelope 1"],
    ['{"id":1,"method":"ping"}', "envelope 1"],
    ['{"jsonrpc":"2.0","id":"q","method":"ping","extra":1}', 'envelope "q"'],
    ['{"jsonrpc":"2.0","id":1,"METHOD":"ping"}', "folded_key 1"],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","params":{"Name":"x"}}', "folded_key 1"],
    ['{"jsonrpc":"2.0","id":null,"method":"ping"}', "id null"],
    ['{"jsonrpc":"2.0","id":9007199254740992,"method":"ping"}', "id null"],
    ['{"jsonrpc":"2.0","id":-0.5,"method":"ping"}', "id null"],
    ['{"jsonrpc":"2.0","result":{}}', "id null"],
    ['{"jsonrpc":"2.0","method":"tools/call"}', "id null"],
    ["[]", "batch null"],
    ["1", "envelope null"],
    ["null", "envelope null"],
  ])("%s", (text, expected) => {
    expect(brief(read(text))).toBe(expected);
  });
});

test("an id is given back as JSON that the client recognises", () => {
  for (const [text, idText] of [
    ['"a\\"b"', '"a\\"b"'],
    ["9007199254740991", "9007199254740991"],
    ["-5", "-5"],
    ['""', '""'],
  ] as const) {
    const result = read(`{"jsonrpc":"2.0","id":${text},"method":"ping"}`);
    expect(result).toMatchObject({ ok: true, message: { idText } });
  }
});
