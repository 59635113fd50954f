import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Template } from "@/components/policy-editor/new-policy";

const blank = `version: "1"
description: ""

# What no tool below lists is denied.
default: deny

tools: {}
`;

const readOnly = `version: "1"
description: "Reading is allowed, everything else is denied"

default: deny

# Tools that agents should not even see. A star stands for any text.
hide:
  - "delete_*"

tools:
  "list_*":
    rules: []
  "get_*":
    rules: []
  "*":
    rules:
      - name: "rate limit"
        rate_limit: "60/minute"
        on_deny: "At most 60 calls a minute"
`;

/** Texts that a new policy may start from. */
export async function listTemplates(): Promise<Template[]> {
  const file = path.join(/* turbopackIgnore: true */ process.cwd(), "lib/policy/templates/payments-tutorial.yaml");
  return [
    {
      id: "payments",
      label: "Spend control",
      note: "Caps on single charges and per day, currencies, rate limits, hidden deletions",
      text: await readFile(file, "utf8"),
    },
    { id: "read-only", label: "Read only", note: "Lists and lookups, 60 calls a minute", text: readOnly },
    { id: "blank", label: "Blank", note: "Denies everything until you list a tool", text: blank },
  ];
}
