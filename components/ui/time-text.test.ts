import { expect, test } from "vitest";
import { agoText } from "./time-text";

const now = Date.parse("2026-03-01T12:00:00Z");

test("distances are told in the largest whole unit, past and future", () => {
  expect(agoText("2026-03-01T11:59:30Z", now)).toBe("just now");
  expect(agoText("2026-03-01T11:58:00Z", now)).toBe("2 min ago");
  expect(agoText("2026-03-01T07:00:00Z", now)).toBe("5 h ago");
  expect(agoText("2026-02-20T12:00:00Z", now)).toBe("9 d ago");
  expect(agoText("2026-03-01T15:20:00Z", now)).toBe("in 3 h");
  expect(agoText("2026-05-30T11:59:50Z", now)).toBe("in 90 d");
  expect(agoText("2026-03-01T12:00:20Z", now)).toBe("in under a minute");
});

test("what is no date gives no words", () => {
  expect(agoText("soon", now)).toBe("");
});
