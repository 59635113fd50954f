import { errorTable } from "@/lib/kernel/errors";

const sentences: Record<string, string> = {
  allowed: "The policy allows it.",
  relayed: "No tool call: passed on as it was.",
  rule: "A condition of the rule was not met.",
  absent: "An argument that the rule needs was missing.",
  type: "An argument had a type that the rule cannot judge.",
  amount: "The amount to count was missing, negative or no number.",
  default_deny: "No tool of the policy matches, and its default is to deny.",
  hidden: "The policy hides this tool; the agent was told that it does not exist.",
  limit: "A limit of the rule is reached.",
  by_values: "Too many different values split the rule's counter in this window.",
  tool_error: "The tool answered with an error; what was reserved was given back.",
  input_required: "The server asked for more input first; what was reserved was given back.",
  task: "The server took it as a task that runs on.",
  stored_answer: "The same call was made before under its idempotency key; its kept answer was given.",
  foreign_answer: "The server sent an answer that nobody asked for here; it was dropped.",
  "task tool_error": "The task ended with an error of the tool; what was reserved was given back.",
  "task failed": "The task failed; what it did before is not known.",
  "task cancelled": "The task was cancelled; what it did before is not known.",
  cancelled: "The client cancelled the call after it was sent.",
  released_unknown: "How it ended is not known; the rule says to give back what was reserved.",
};

/** Reasons that carry a number or a name. */
const counted: readonly [RegExp, (number: string) => string][] = [
  [/^http (\d+)$/, (status) => `The server answered with HTTP status ${status}.`],
  [/^rpc_error (-?\d+)$/, (code) => `The server answered with JSON-RPC error ${code}.`],
  [/^link to (.+)$/, (host) => `A link to ${host} was passed on to the person.`],
  [/^merged (\d+)$/, (count) => `${count} refusals of the same kind, kept as one record.`],
];

/** A reason code of the log in words; unknown codes as they are. */
export function reasonText(reason: string): string {
  const known = sentences[reason];
  if (known !== undefined) return known;
  for (const [pattern, tell] of counted) {
    const number = pattern.exec(reason)?.[1];
    if (number !== undefined) return tell(number);
  }
  if (Object.hasOwn(errorTable, reason))
    return `${errorTable[reason as keyof typeof errorTable].say.replace(/\.$/, "")}.`;
  return reason;
}
