import { expect, test } from "vitest";
import { isUnavailable, isUniqueViolation } from "./failure";

const coded = (code: string) => Object.assign(new Error("text"), { code });

test.each([
  "08006",
  "57P01",
  "57P03",
  "57014",
  "53300",
  "53100",
  "25006",
  "40001",
  "40P01",
  "55P03",
  "P1001",
  "P2024",
  "P2028",
  "ECONNREFUSED",
])("Q4 %s means that the database is unavailable", (code) => {
  expect(isUnavailable(coded(code))).toBe(true);
  expect(isUnavailable(new Error("outer", { cause: coded(code) }))).toBe(true);
});

test.each(["timeout exceeded when trying to connect", "Query read timeout", "Connection terminated unexpectedly"])(
  "Q4 the text %s means that the database is unavailable",
  (text) => expect(isUnavailable(new Error(text))).toBe(true),
);

test.each([coded("23505"), coded("42P01"), coded("P2002"), new Error("x"), null, "53300"])(
  "%s does not mean that the database is unavailable",
  (error) => expect(isUnavailable(error)).toBe(false),
);

test("a unique violation is known from pg, from Prisma and as a cause", () => {
  expect([coded("23505"), coded("P2002"), new Error("x", { cause: coded("23505") })].map(isUniqueViolation)).toEqual([
    true,
    true,
    true,
  ]);
  expect(isUniqueViolation(coded("23503"))).toBe(false);
});
