import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** A file in which a process under test writes down what happens in it; not there yet. */
export function newDiary(): string {
  return path.join(mkdtempSync(path.join(tmpdir(), "policylayer-diary-")), "diary");
}

/** Its lines so far. */
export function readDiary(file: string): string[] {
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
}

/** The process ids of its lines that begin with `word`. */
export function pidsIn(file: string, word: string): number[] {
  return readDiary(file)
    .filter((line) => line.startsWith(`${word} `))
    .map((line) => Number(line.split(" ")[1]));
}

/** True while the process runs; one that ended and that nobody has collected yet does not. */
export function isAlive(pid: number): boolean {
  const stat = `/proc/${String(pid)}/stat`;
  try {
    process.kill(pid, 0);
    return !existsSync(stat) || !/\) Z /.test(readFileSync(stat, "utf8"));
  } catch {
    return false;
  }
}
