import "server-only";
import { checkPolicy, type CheckContext } from "@/lib/policy/check";
import type { Problem } from "@/lib/policy/types";
import type { Invocation } from "./commands";
import { exits, type Exit } from "./exit-codes";
import { hasErrors, problemCount, problemLines } from "./problem-lines";
import { readFiles } from "./read-files";
import { shownName, type Terminal } from "./terminal";
import { readToolsFile } from "./tools-file";

interface Checked {
  file: string;
  problems: Problem[];
}

/** `policylayer validate`: all problems of all files; 1 when one is an error. */
export async function runValidate(asked: Invocation, terminal: Terminal): Promise<Exit> {
  const context = await readContext(asked.value("tools"), terminal);
  const texts = await readFiles(terminal, asked.files);
  const checked = texts.map(({ file, text }): Checked => ({ file, problems: checkPolicy(text, context) }));
  if (asked.has("json")) terminal.out(JSON.stringify(listOf(checked), null, 2));
  else for (const one of checked) print(one, terminal);
  return checked.some(({ problems }) => hasErrors(problems)) ? exits.failed : exits.ok;
}

async function readContext(file: string | null, terminal: Terminal): Promise<CheckContext> {
  return file === null ? {} : { tools: readToolsFile(shownName(file), await terminal.read(file)) };
}

/** One file: its problems as the check gives them. Several: each with its file. */
function listOf(checked: readonly Checked[]): object[] {
  const [first, second] = checked;
  if (first && !second) return first.problems;
  return checked.flatMap(({ file, problems }) => problems.map((problem) => ({ file, ...problem })));
}

function print({ file, problems }: Checked, { out, paint }: Terminal): void {
  for (const line of problemLines(file, problems, paint)) out(line);
  const failed = hasErrors(problems);
  const mark = failed ? paint("red", "✗") : paint("green", "✓");
  out(`${mark} ${file}: ${problemCount(problems)}${failed ? "" : problems.length > 0 ? ", valid" : ""}`);
}
