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
  for (const issue of issues) found[issue.path] ??= issue.message;
  return found;
}

export function issuesOf(refusal: Refusal): FieldIssue[] {
  return refusal.issues.map((issue) => ({ path: issue.path.map(String).join("."), message: issue.message }));
}

/** Puts the cursor into the first control of the form that is marked invalid. */
export function focusFirstError(form: HTMLFormElement | null): void {
  requestAnimationFrame(() => {
    form?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  });
}
