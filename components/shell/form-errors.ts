export interface FieldIssue {
  path: string;
  message: string;
}

/** What zod's `safeParse` gives for refused input; typed here so that primitives need no schema library. */
interface Refusal {
  issues: readonly { path: readonly PropertyKey[]; message: string }[];
}

/** The first message of each field, by dotted path. */
export function errorsByField(issues: readonly FieldIssue[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const issue of issues) found[issue.path] ??= plainMessage(issue.message);
  return found;
}

const plainMessages: readonly [RegExp, (number: string) => string][] = [
  [/^Too small: expected string to have >=1 characters$/, () => "Fill this in"],
  [/^Invalid input: expected string, received/, () => "Fill this in"],
  [/^Too small: expected string to have >=(\d+) characters$/, (count) => `At least ${count} characters`],
  [/^Too big: expected string to have <=(\d+) characters$/, (count) => `At most ${count} characters`],
  [/^Too big: expected array to have <=(\d+) items$/, (count) => `At most ${count} of them`],
  [/^Invalid URL$/, () => "A URL that starts with https:// or http://"],
  [/^Invalid email address$/, () => "An e-mail address such as name@example.com"],
];

/** The schema library's own messages in words for people; messages of our schemas stay. */
export function plainMessage(message: string): string {
  for (const [pattern, tell] of plainMessages) {
    const match = pattern.exec(message);
    if (match) return tell(match[1] ?? "");
  }
  return message;
}

export function issuesOf(refusal: Refusal): FieldIssue[] {
  return refusal.issues.map((issue) => ({
    path: issue.path.map(String).join("."),
    message: plainMessage(issue.message),
  }));
}
