import { CommandFailure, isCommandFailure, exits } from "./exit-codes";
import { shownName, type Terminal } from "./terminal";

export interface NamedText {
  /** As output names it. */
  readonly file: string;
  readonly text: string;
}

/** Reads all files before anything is judged. Throws `CommandFailure` (66) that names every one that cannot be read. */
export async function readFiles(terminal: Terminal, files: readonly string[]): Promise<NamedText[]> {
  const [texts, faults]: [NamedText[], string[]] = [[], []];
  for (const file of files) {
    try {
      texts.push({ file: shownName(file), text: await terminal.read(file) });
    } catch (error) {
      if (!isCommandFailure(error)) throw error;
      faults.push(error.message);
    }
  }
  if (faults.length > 0) throw new CommandFailure(exits.unreadable, faults.join("\n"));
  return texts;
}

/** Writes to the file of `--output`, or to stdout. Throws `CommandFailure` (66) for a file that exists, unless forced. */
export async function writeResult(
  terminal: Terminal,
  target: { file: string | null; force: boolean },
  text: string,
): Promise<void> {
  if (target.file === null || target.file === "-") return terminal.raw(text);
  await terminal.write(target.file, text, { isNew: !target.force });
  terminal.err(`Wrote ${target.file}.`);
}
