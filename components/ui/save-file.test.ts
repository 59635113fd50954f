import { expect, test } from "vitest";
import { fileName } from "./save-file";

test.each([
  ["Payments, support bot", "payments-support-bot.yaml"],
  ["../../etc/passwd", "etc-passwd.yaml"],
  ["Zahlungen Ä\u202egnp", "zahlungen-a-gnp.yaml"],
  ["政策", "policy.yaml"],
  ["x".repeat(100), `${"x".repeat(60)}.yaml`],
])("a file name of %j holds only letters, digits and dashes", (words, expected) => {
  expect(fileName(words, "yaml")).toBe(expected);
});
