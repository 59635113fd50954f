import fc from "fast-check";
import { expect, test } from "vitest";
import { answerToInside, progressToInside, toOutside, withString } from "./bundle-ids";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (some: Uint8Array | undefined) => new TextDecoder().decode(some);

test("P10 whatever id a server chose, the client's answer comes back with the very same one and the server's prefix", () => {
  const id = fc.oneof(fc.integer(), fc.string(), fc.constantFrom("a/b", '"', "1", "é\\"));
  fc.assert(
    fc.property(id, fc.stringMatching(/^[a-z0-9-]{1,24}$/), (value, prefix) => {
      const asked = `{"jsonrpc":"2.0","id":${JSON.stringify(value)},"method":"sampling/createMessage","params":{}}`;
      const { id: shown } = JSON.parse(text(toOutside(bytes(asked), prefix))) as { id: string };
      const said = `{"result":{},"id":${JSON.stringify(shown)},"jsonrpc":"2.0"}`;
      const back = answerToInside(bytes(said));
      expect(back?.prefix).toBe(prefix);
      expect(text(back?.bytes)).toBe(`{"result":{},"id":${JSON.stringify(value)},"jsonrpc":"2.0"}`);
    }),
  );
});

test("a progress token of a server's request is addressed as its id is; the client's own tokens stay", () => {
  const asked = `{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"_meta":{"progressToken":7},"x":1.0}}`;
  expect(text(toOutside(bytes(asked), "p"))).toBe(
    `{"jsonrpc":"2.0","id":"p/1","method":"sampling/createMessage","params":{"_meta":{"progressToken":"p/7"},"x":1.0}}`,
  );
  const told = `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":7,"progress":1}}`;
  expect(toOutside(bytes(told), "p")).toEqual(bytes(told));
  const said = `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p/7","progress":1}}`;
  expect(progressToInside(bytes(said))).toEqual({ prefix: "p", bytes: bytes(told) });
  expect(progressToInside(bytes(told))).toBeNull();
});

test("a server that takes a request back names it as the client knows it", () => {
  const cancelled = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"q"}}`;
  expect(text(toOutside(bytes(cancelled), "p"))).toContain(`"requestId":"p/\\"q\\""`);
});

test.each(["7", '"plain"', '"/1"', '"p/"', '"p/x"', '"p/1,2"', '"p/{}"', '"p/true"', '"p/1 }"', '"p/\\"a\\",\\"b\\""'])(
  "an answer to %s is nobody's: nothing but one id ever enters a message",
  (id) => {
    expect(answerToInside(bytes(`{"jsonrpc":"2.0","id":${id},"result":{}}`))).toBeNull();
  },
);

test("answers and results pass as they are", () => {
  const answer = `{"jsonrpc":"2.0","id":1,"result":{"id":2}}`;
  expect(toOutside(bytes(answer), "p")).toEqual(bytes(answer));
});

test("a string is replaced where it stands and every other byte stays", () => {
  const call = `{ "params" : {"arguments":{"name":"x","n":1.50},"name" : "a__b" },"id":1}`;
  expect(text(withString(bytes(call), ["params", "name"], "b"))).toBe(call.replace("a__b", "b"));
  expect(withString(bytes(call), ["params", "ref", "name"], "b")).toEqual(bytes(call));
});
