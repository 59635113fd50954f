import { expect, test } from "vitest";
import { planMigrations } from "./migration-plan";

const known = ["0001_first", "0002_second"].map((name) => ({ name, sql: "", checksum: `sum of ${name}` }));
const row = (name: string, finished = true, checksum = `sum of ${name}`) => ({ name, checksum, finished });

test("an empty database gets everything, in order", () => {
  expect(planMigrations(known, [])).toEqual({ pending: ["0001_first", "0002_second"], unfinished: [] });
});

test("what is applied is not applied again", () => {
  expect(planMigrations(known, [row("0001_first")]).pending).toEqual(["0002_second"]);
  expect(planMigrations(known, [row("0001_first"), row("0002_second")]).pending).toEqual([]);
});

test("O5 a migration that was begun and not finished is pending and to be settled", () => {
  expect(planMigrations(known, [row("0001_first"), row("0002_second", false)])).toEqual({
    pending: ["0002_second"],
    unfinished: ["0002_second"],
  });
});

test("an unfinished row beside a finished one of the same migration is history", () => {
  expect(planMigrations(known, [row("0001_first", false), row("0001_first"), row("0002_second")]).unfinished).toEqual(
    [],
  );
});

test("O5 a database of a newer release is refused by name", () => {
  expect(() => planMigrations(known, [row("0001_first"), row("0003_third")])).toThrow("0003_third");
});

test("a migration that was altered after it was applied is refused by name", () => {
  expect(() => planMigrations(known, [row("0001_first", true, "other")])).toThrow("0001_first was changed");
});
