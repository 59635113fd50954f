import { errorTable } from "@/lib/kernel/errors";

const ruleReasons: Record<string, string> = {
  allow: "The policy allows it.",
  rule: "A condition of the rule was not met.",
  absent: "An argument that the rule needs was missing.",
  type: "An argument had a type that the rule cannot judge.",
  amount: "The amount to count was missing, negative or no number.",
  default_deny: "No tool of the policy matches, and its default is to deny.",
  hidden: "The policy hides this tool; the agent was told that it does not exist.",
  limit: "A limit of the rule is reached.",
};

/** A reason code of the log in words; unknown codes as they are. */
export function reasonText(reason: string): string {
  const known = ruleReasons[reason];
  if (known !== undefined) return known;
  if (Object.hasOwn(errorTable, reason))
    return `${errorTable[reason as keyof typeof errorTable].say.replace(/\.$/, "")}.`;
  return reason;
}

/** The last part of a rule's pointer: its name, or the bracketed built-in such as `(default deny)`. */
export function ruleName(rule: string): string {
  const marker = "/rules/";
  const at = rule.lastIndexOf(marker);
  return at < 0
    ? rule
    : rule
        .slice(at + marker.length)
        .replaceAll("~1", "/")
        .replaceAll("~0", "~");
}
