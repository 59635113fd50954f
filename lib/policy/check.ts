import { checkTools } from "./check-tools";
import type { KnownTool } from "./check-tools";
import { readPolicyText } from "./parse";
import type { Problem } from "./types";

export type { KnownTool };

/** What is known beside the text; each part adds warnings. */
export interface CheckContext {
  /** Tools of the server that the policy is for. */
  readonly tools?: readonly KnownTool[];
}

/**
 * The one validation, the same in the editor, the API, the command line and before anything goes live. All problems,
 * sorted by position; a text with an error among them must not be published. Never throws on a text.
 */
export function checkPolicy(text: string, context: CheckContext = {}): Problem[] {
  const { document, problems, placeOf } = readPolicyText(text);
  if (document && context.tools) checkTools(document, context.tools, problems, placeOf);
  return problems.sorted();
}
