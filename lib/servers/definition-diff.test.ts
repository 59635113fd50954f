import { describe, expect, test } from "vitest";
import type { ChangeCode, ChangeSeverity } from "./definition-change";
import { diffDefinitions } from "./definition-diff";
import { diffLines, diffWords } from "./text-diff";
import { layOut } from "./definition-text";

const base = {
  name: "pay",
  title: "Pay",
  description: "Pays a bill.",
  inputSchema: {
    type: "object",
    properties: {
      amount: { type: "integer", maximum: 50_000, minimum: 1 },
      currency: { type: "string", enum: ["usd", "eur"] },
      note: { type: "string", description: "For the payer", maxLength: 100 },
    },
    required: ["amount"],
    additionalProperties: false,
  },
  outputSchema: { type: "object", properties: { id: { type: "string" } }, required: ["id"] },
  annotations: { readOnlyHint: true, destructiveHint: false, title: "Pay" },
  icons: [{ src: "https://a.example/i.png" }],
  execution: { taskSupport: "forbidden" },
};
type Definition = Record<string, unknown> & typeof base;

function after(edit: (definition: Definition) => void): string {
  const copy = structuredClone(base) as Definition;
  edit(copy);
  return JSON.stringify(copy);
}
const diff = (edit: (definition: Definition) => void) => diffDefinitions(JSON.stringify(base), after(edit));
const props = (definition: Definition) => definition.inputSchema.properties as Record<string, Record<string, unknown>>;

const cases: [string, (definition: Definition) => void, ChangeCode, ChangeSeverity, string][] = [
  [
    "a new required argument",
    (d) => {
      props(d)["cvv"] = { type: "string" };
      d.inputSchema.required.push("cvv");
    },
    "argument_added_required",
    "danger",
    'New required argument "cvv" (string).',
  ],
  [
    "a new optional argument",
    (d) => void (props(d)["tip"] = { type: "integer" }),
    "argument_added",
    "warning",
    'New optional argument "tip" (integer).',
  ],
  [
    "an argument removed",
    (d) => void delete props(d)["note"],
    "argument_removed",
    "warning",
    'Argument "note" was removed. Rules that read it find nothing.',
  ],
  [
    "an argument required now",
    (d) => void d.inputSchema.required.push("note"),
    "argument_required",
    "danger",
    'Argument "note" is required now.',
  ],
  [
    "an argument optional now",
    (d) => void (d.inputSchema.required = []),
    "argument_optional",
    "warning",
    'Argument "amount" may be left out now.',
  ],
  [
    "a type changed",
    (d) => void (props(d)["amount"] = { type: "string" }),
    "type_changed",
    "warning",
    'Argument "amount" changed its type from integer to string.',
  ],
  [
    "a type widened",
    (d) => void (props(d)["note"] = { ...props(d)["note"], type: ["string", "object"] }),
    "type_widened",
    "warning",
    'Argument "note" may be more: string to string or object.',
  ],
  [
    "values widened",
    (d) => void (props(d)["currency"] = { type: "string", enum: ["usd", "eur", "btc"] }),
    "values_widened",
    "warning",
    'Argument "currency" may also be "btc".',
  ],
  [
    "values narrowed",
    (d) => void (props(d)["currency"] = { type: "string", enum: ["usd"] }),
    "values_narrowed",
    "info",
    'Argument "currency" may no longer be "eur".',
  ],
  [
    "values dropped",
    (d) => void (props(d)["currency"] = { type: "string" }),
    "values_widened",
    "warning",
    'Argument "currency" is no longer limited to "usd", "eur".',
  ],
  [
    "a bound dropped",
    (d) => void delete props(d)["amount"]?.["maximum"],
    "schema_widened",
    "warning",
    'Argument "amount" lost its "maximum" of 50000.',
  ],
  [
    "a bound loosened",
    (d) => void (props(d)["amount"] = { type: "integer", maximum: 90_000, minimum: 1 }),
    "schema_widened",
    "warning",
    'Argument "amount": "maximum" went from 50000 to 90000.',
  ],
  [
    "a bound tightened",
    (d) => void (props(d)["amount"] = { type: "integer", maximum: 10, minimum: 1 }),
    "schema_narrowed",
    "info",
    'Argument "amount": "maximum" went from 50000 to 10.',
  ],
  [
    "unlisted arguments",
    (d) => void Object.assign(d.inputSchema, { additionalProperties: true }),
    "schema_widened",
    "warning",
    "The input as a whole takes members that are not listed.",
  ],
  [
    "a wider output",
    (d) => void Object.assign(d.outputSchema.properties, { token: { type: "string" } }),
    "output_wider",
    "warning",
    'New in the output: "token" (string).',
  ],
  [
    "an argument's text",
    (d) => void (props(d)["note"] = { ...props(d)["note"], description: "For you" }),
    "text_changed",
    "warning",
    'The description of argument "note" changed.',
  ],
  [
    "the description",
    (d) => void (d.description = "Pays any bill."),
    "text_changed",
    "warning",
    "Its description changed.",
  ],
  ["the title", (d) => void (d.title = "Pay now"), "text_changed", "warning", "Its title changed."],
  [
    "readOnlyHint lost",
    (d) => void (d.annotations = { ...d.annotations, readOnlyHint: false }),
    "hint_lost",
    "danger",
    "It no longer says that it only reads.",
  ],
  [
    "destructiveHint gained",
    (d) => void (d.annotations = { ...d.annotations, destructiveHint: true }),
    "hint_lost",
    "danger",
    "It says now that it may destroy.",
  ],
  [
    "annotations gone",
    (d) => void Object.assign(d, { annotations: undefined }),
    "hint_lost",
    "danger",
    "It says now that it may destroy.",
  ],
  [
    "another annotation",
    (d) => void (d.annotations = { ...d.annotations, title: "Other" }),
    "annotation_changed",
    "warning",
    'Its annotation "title" changed.',
  ],
  ["icons", (d) => void (d.icons = []), "icons_changed", "info", "Its icons changed."],
  [
    "execution",
    (d) => void (d.execution = { taskSupport: "required" }),
    "execution_changed",
    "warning",
    "How it may be run changed.",
  ],
];

describe("P4 a changed definition is told in words", () => {
  test.each(cases)("%s", (_, edit, code, severity, message) => {
    expect(diff(edit)).toContainEqual(expect.objectContaining({ code, severity, message }));
  });

  test("the gravest comes first, and a risk that rises is named", () => {
    const changes = diff((d) => {
      d.icons = [];
      d.annotations = { ...d.annotations, readOnlyHint: false, destructiveHint: true };
    });
    expect(changes[0]).toMatchObject({ severity: "danger" });
    expect(changes.at(-1)).toMatchObject({ severity: "info" });
    expect(
      diffDefinitions('{"name":"get_x"}', '{"name":"get_x","annotations":{"destructiveHint":true}}'),
    ).toContainEqual(expect.objectContaining({ code: "risk_raised", severity: "danger" }));
  });

  test("nothing changed means no change, whatever the order of members", () => {
    const turned = JSON.stringify(Object.fromEntries(Object.entries(base).reverse()));
    expect(diffDefinitions(JSON.stringify(base), turned)).toEqual([]);
  });

  test("what this file does not understand is named all the same", () => {
    expect(diffDefinitions('{"name":"a","inputSchema":{"not":{}}}', '{"name":"a","inputSchema":{"not":true}}')).toEqual(
      [
        {
          code: "schema_changed",
          severity: "warning",
          at: "/inputSchema/not",
          message: 'The input as a whole has another "not".',
        },
      ],
    );
    expect(diffDefinitions('{"name":"a","annotations":3}', '{"name":"a","annotations":4}')).toHaveLength(1);
  });
});

test("words and lines of a comparison put together are the two texts", () => {
  const [before, now] = ["Pays a bill, at once.\nNo more", "Pays any bill, later.\n\nNo more"];
  for (const compare of [diffWords, (a: string, b: string) => diffLines(a, b)]) {
    const glue = compare === diffWords ? "" : "\n";
    const side = (kind: "removed" | "added") =>
      compare(before, now)
        .filter((part) => part.kind === "same" || part.kind === kind)
        .map(({ text }) => text)
        .join(glue);
    expect([side("removed"), side("added")]).toEqual([before, now]);
  }
});

test("a laid-out definition keeps every number and puts the digested members first", () => {
  expect(layOut('{"_meta":{"n":9007199254740993},"description":"d","name":"a"}')).toBe(
    '{\n  "name": "a",\n  "description": "d",\n  "_meta": {\n    "n": 9007199254740993\n  }\n}',
  );
});
