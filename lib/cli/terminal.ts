import type { Paint } from "./paint";

/** The world as commands see it. Files are named as the caller wrote them, from the caller's folder; `-` is stdin. */
export interface Terminal {
  /** Prints a line, or lines, to stdout. */
  readonly out: (text: string) => void;
  /** The same to stderr. */
  readonly err: (text: string) => void;
  /** Prints a text as it is, without a line end of ours. */
  readonly raw: (text: string) => void;
  /** Reads a text file, UTF-8. Throws `CommandFailure` (66) with the reason. */
  readonly read: (file: string) => Promise<string>;
  /** Reads the text of a policy template by its id. */
  readonly readTemplate: (id: string) => Promise<string>;
  /** Writes a file whole; with `isNew` a file that exists is left alone. Throws `CommandFailure` (66). */
  readonly write: (file: string, text: string, options?: { isNew?: boolean }) => Promise<void>;
  /** Asks for a yes; only where `isInteractive`. */
  readonly confirm: (question: string) => Promise<boolean>;
  readonly isInteractive: boolean;
  /** Colours for stdout. */
  readonly paint: Paint;
  /** Colours for stderr. */
  readonly paintErr: Paint;
  readonly env: { readonly url: string | null; readonly token: string | null };
}

/** How a file is named in output. */
export function shownName(file: string): string {
  return file === "-" ? "<stdin>" : file;
}
