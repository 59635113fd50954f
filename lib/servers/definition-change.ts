import type { DiffPart } from "./text-diff";

/** What kind of meaning changed; a word for programs. */
export type ChangeCode =
  | "argument_added_required"
  | "argument_added"
  | "argument_removed"
  | "argument_required"
  | "argument_optional"
  | "type_changed"
  | "type_widened"
  | "type_narrowed"
  | "values_widened"
  | "values_narrowed"
  | "schema_widened"
  | "schema_narrowed"
  | "schema_changed"
  | "default_changed"
  | "output_wider"
  | "output_narrower"
  | "output_changed"
  | "text_changed"
  | "hint_lost"
  | "hint_gained"
  | "annotation_changed"
  | "icons_changed"
  | "execution_changed"
  | "risk_raised"
  | "risk_lowered"
  | "other_changed";

/** `danger`: it may do more harm, or the agent is told other things. `warning`: it asks or answers more. `info`: less, or only looks. */
export type ChangeSeverity = "danger" | "warning" | "info";

/** One change in meaning between two definitions of a tool. Texts may hold hidden characters: escape them to show them. */
export interface Change {
  code: ChangeCode;
  severity: ChangeSeverity;
  /** JSON Pointer within the definition. */
  at: string;
  /** One plain sentence. */
  message: string;
  /** For changed wording: what was said, word by word. */
  words?: DiffPart[];
}
