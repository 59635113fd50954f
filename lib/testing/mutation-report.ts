import type { Judged } from "./mutation-run";

/** The score that the engine must reach, in percent. */
export const aim = 90;

/** Counts of one file or of all. */
export interface Score {
  file: string;
  mutants: number;
  killed: number;
  timeout: number;
  survived: number;
  uncovered: number;
  /** Killed and timed out, in percent of all; 100 when there is nothing to kill. */
  score: number;
}

function scoreOf(file: string, judged: readonly Judged[]): Score {
  const count = (outcome: Judged["outcome"]): number => judged.filter((mutant) => mutant.outcome === outcome).length;
  const [killed, timeout] = [count("killed"), count("timeout")];
  const score = judged.length === 0 ? 100 : (100 * (killed + timeout)) / judged.length;
  return {
    ...{ file, mutants: judged.length, killed, timeout },
    ...{ survived: count("survived"), uncovered: count("uncovered"), score },
  };
}

/** One row per file in the order of the list, and their total. */
export function scoresOf(judged: readonly Judged[]): { files: Score[]; total: Score } {
  const files = [...new Set(judged.map(({ file }) => file))];
  return {
    files: files.map((file) =>
      scoreOf(
        file,
        judged.filter((mutant) => mutant.file === file),
      ),
    ),
    total: scoreOf("all", judged),
  };
}

/** Cut at tenths, not rounded: 89.96 must not read as 90.0. */
const percent = (score: number): string => (Math.floor(score * 10) / 10).toFixed(1);

/** The table of all files and, as its last line, whether the aim is reached. */
export function reportText(judged: readonly Judged[]): string {
  const { files, total } = scoresOf(judged);
  const head = ["file", "mutants", "killed", "timeout", "survived", "no coverage", "score"];
  const rows = [...files, total].map((row) => [
    ...[row.file, row.mutants, row.killed, row.timeout, row.survived, row.uncovered].map(String),
    percent(row.score),
  ]);
  const all = [head, ...rows];
  const widths = head.map((_, at) => Math.max(...all.map((cells) => cells[at]?.length ?? 0)));
  const lines = all.map((cells) =>
    cells
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  const verdict = total.score >= aim ? "reached" : "missed";
  const sum = `${String(total.killed + total.timeout)}/${String(total.mutants)}`;
  return `${lines.join("\n")}\nmutation score ${percent(total.score)} % (${sum}), aim ≥ ${String(aim)} %: ${verdict}\n`;
}

const short = (text: string): string => {
  const line = text.replace(/\s+/g, " ");
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
};

/** One line per mutant that no test noticed. */
export function survivorsText(judged: readonly Judged[]): string {
  return judged
    .filter(({ outcome }) => outcome === "survived" || outcome === "uncovered")
    .map(({ file, line, column, mutator, original, replacement, outcome }) => {
      const place = `${file}:${String(line)}:${String(column)}`;
      const note = outcome === "uncovered" ? " (no coverage)" : "";
      return `${place} ${mutator}${note}: ${short(original)} → ${short(replacement)}\n`;
    })
    .join("");
}
