import { expect, test } from "vitest";
import { cutText, visibleText } from "./visible-text";

test("N2 bidi marks, zero-width, tag and control characters are shown as escapes", () => {
  expect(visibleText("pay\u202Eeno\u200Bdone")).toBe("pay\\u{202e}eno\\u{200b}done");
  expect(visibleText("a\u{e0041}b\u0007")).toBe("a\\u{e0041}b\\u{7}");
  expect(visibleText("one\ntwo\tthree")).toBe("one\\ntwo\\tthree");
});

test("plain letters of any language stay as they are", () => {
  expect(visibleText("Zahlung für 李さん <b>5 €</b>")).toBe("Zahlung für 李さん <b>5 €</b>");
});

test("long text is cut by characters, never inside one", () => {
  const text = "😀".repeat(300);
  expect(cutText(text)).toEqual({ text: "😀".repeat(200), cut: true });
  expect(cutText("short")).toEqual({ text: "short", cut: false });
});
