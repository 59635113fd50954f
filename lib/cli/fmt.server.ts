import "server-only";
import { formatPolicy } from "@/lib/policy/format";
import type { Problem } from "@/lib/policy/types";
import type { Invocation } from "./commands";
import { CommandFailure, exits, type Exit } from "./exit-codes";
import { countOf, problemLines } from "./problem-lines";
import { readFiles } from "./read-files";
import type { Terminal } from "./terminal";

interface Formatted {
  /** As the caller named it. */
  path: string;
  file: string;
  before: string;
  after: string;
}

/** `policylayer fmt`: rewrites files in the one layout. A file with errors is left alone, and so is every other one then. */
export async function runFmt(asked: Invocation, terminal: Terminal): Promise<Exit> {
  const formatted = await formatAll(asked.files, terminal);
  if (asked.has("check")) return check(formatted, terminal);
  for (const { path, file, before, after } of formatted) {
    if (asked.has("stdout") || path === "-") terminal.raw(after);
    else if (before !== after) {
      await terminal.write(path, after);
      terminal.out(`formatted ${file}`);
    }
  }
  return exits.ok;
}

async function formatAll(paths: readonly string[], terminal: Terminal): Promise<Formatted[]> {
  const texts = await readFiles(terminal, paths);
  const [formatted, broken]: [Formatted[], string[]] = [[], []];
  for (const [index, { file, text }] of texts.entries()) {
    const result = formatPolicy(text);
    if (result.ok) formatted.push({ path: paths[index] ?? file, file, before: text, after: result.text });
    else {
      report(file, result.problems, terminal);
      broken.push(file);
    }
  }
  if (broken.length > 0)
    throw new CommandFailure(exits.failed, `Nothing was formatted: errors in ${broken.join(", ")}`);
  return formatted;
}

function report(file: string, problems: readonly Problem[], { err, paintErr }: Terminal): void {
  for (const line of problemLines(file, problems, paintErr)) err(line);
}

function check(formatted: readonly Formatted[], { out, paint }: Terminal): Exit {
  const odd = formatted.filter(({ before, after }) => before !== after);
  for (const { file } of odd) out(`${paint("yellow", "not formatted")} ${file}`);
  if (odd.length === 0) return exits.ok;
  out(paint("dim", `${countOf(odd.length, "file")}. Next: policylayer fmt ${odd.map(({ file }) => file).join(" ")}`));
  return exits.failed;
}
