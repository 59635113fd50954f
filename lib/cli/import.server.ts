import "server-only";
import { importHosted } from "@/lib/policy/import-hosted";
import type { Invocation } from "./commands";
import { CommandFailure, exits, type Exit } from "./exit-codes";
import { problemCount, problemLines } from "./problem-lines";
import { readFiles, writeResult } from "./read-files";
import type { Terminal } from "./terminal";

/** `policylayer import`: the hosted JSON form becomes YAML of this language; what changed on the way is said on stderr. */
export async function runImport(asked: Invocation, terminal: Terminal): Promise<Exit> {
  const [source] = await readFiles(terminal, asked.files);
  const { file, text } = source ?? { file: "", text: "" };
  const read = importHosted(text);
  if (!read.ok) {
    for (const line of problemLines(file, read.problems, terminal.paintErr)) terminal.err(line);
    throw new CommandFailure(exits.failed, `${file}: ${problemCount(read.problems)}, nothing was imported`);
  }
  for (const note of read.notes) terminal.err(`${terminal.paintErr("yellow", "note")} ${note}`);
  const output = asked.value("output");
  await writeResult(terminal, { file: output, force: asked.has("force") }, read.text);
  if (output !== null) terminal.err(`Next: policylayer validate ${output}`);
  return exits.ok;
}
