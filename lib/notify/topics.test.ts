import { expect, test } from "vitest";
import { eventText, parseTopics } from "./topics";

test("unknown topics are dropped, known ones kept once", () => {
  expect(parseTopics("calls,secrets,policies,calls")).toEqual(["calls", "policies"]);
  expect(parseTopics("")).toEqual([]);
});

test("an event carries topic and id only and cannot be broken by a newline in the id", () => {
  expect(eventText(3, "calls", "a\n\nevent: x")).toBe(
    'id: 3\nevent: calls\ndata: {"topic":"calls","id":"a\\n\\nevent: x"}\n\n',
  );
});
