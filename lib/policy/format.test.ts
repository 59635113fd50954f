import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomPolicies } from "@/lib/testing/random-policy";
import { expectSameDocument, parseGood } from "@/lib/testing/same-document";
import { formatPolicy } from "./format";
import { commentsOf } from "./source-tree";
import { writePolicy } from "./to-yaml";

function format(text: string): string {
  const result = formatPolicy(text);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.text;
}

describe("layout", () => {
  test("indentation, spaces, blank lines and line ends become even; everything else stays", () => {
    const text = `# Payments\r
\r
\r
version:   "1"
description:   'Card payments'    # shown
default: deny


tools:   # by name

    # reading
    list_customers: {rules: []}
    create_charge:
        rules:
        -   name: cap   # per call
            # agreed
            conditions:
            - {path: args.amount,op: lte,   value: 5e4}
            - path: args.currency
              op: in
              value: [usd,
                "eur", # since May
                gbp]
            on_deny: |
                 Too much.
                   Ask first.


        # next
        -
            name: rate
            rate_limit: 60/minute
        # deeper
    # the others
    "*":
        rules: []
  # end of tools


# the end


`;
    expect(format(text)).toBe(`# Payments

version: "1"
description: 'Card payments' # shown
default: deny

tools: # by name
  # reading
  list_customers: { rules: [] }
  create_charge:
    rules:
      - name: cap # per call
        # agreed
        conditions:
          - { path: args.amount, op: lte, value: 5e4 }
          - path: args.currency
            op: in
            value: [usd,
              "eur", # since May
              gbp]
        on_deny: |
          Too much.
            Ask first.

      # next
      - name: rate
        rate_limit: 60/minute
    # deeper
  # the others
  "*":
    rules: []
  # end of tools

# the end
`);
  });

  test("JSON keeps its lines", () => {
    const text = '{\n   "version": "1",\n "tools": {\n  "a": {"rules":[]}}\n}';
    expect(format(text)).toBe('{\n  "version": "1",\n  "tools": {\n    "a": { "rules": [] }}\n}\n');
  });

  test("a text with errors is refused", () => {
    expect(formatPolicy("version: 1\n")).toMatchObject({ ok: false, problems: [{ code: "type" }] });
  });

  test("a comment in a place that has no even form leaves the text as it is", () => {
    const text = 'version:   # why\n     "1"\ntools:    {}\n';
    expect(format(text)).toBe(text);
  });
});

test("random texts: the same document, the same comments, and twice is once", { timeout: 60_000 }, () => {
  let [even, left] = [0, 0];
  fc.assert(
    fc.property(randomPolicies(), ({ document, text }) => {
      const once = format(text);
      expectSameDocument(parseGood(once), document);
      expect(format(once)).toBe(once);
      expect(commentsOf(once)).toEqual(commentsOf(text));
      if (once === text) left += 1;
      else even += 1;
    }),
    { numRuns: 800 },
  );
  expect(left).toBeLessThan(even / 10);
});

test("canonical text is even already", () => {
  fc.assert(
    fc.property(randomPolicies(), ({ document }) => {
      const text = writePolicy(document);
      expect(format(text)).toBe(text);
    }),
    { numRuns: 300 },
  );
});
