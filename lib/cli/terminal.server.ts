import "server-only";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline/promises";
import { buffer as readAll } from "node:stream/consumers";
import { commandEnv } from "@/lib/env/env.server";
import { CommandFailure, exits } from "./exit-codes";
import { paintFor } from "./paint";
import { shownName, type Terminal } from "./terminal";

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "you may not",
  EPERM: "you may not",
  ENOTDIR: "there is no such file",
  EEXIST: "it exists already; --force replaces it",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
};

/** The terminal of this process; `root` is the project's folder, where templates are. Who stops reading our output (`| head`) ends the program quietly. */
export function openTerminal(root: string): Terminal {
  const { noColor, url, token } = commandEnv();
  for (const stream of [process.stdout, process.stderr]) stream.on("error", leaveOnClosedPipe);
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    raw: (text) => void process.stdout.write(text),
    read: readText,
    readTemplate: (id) => readText(path.join(root, "lib", "policy", "templates", `${id}.yaml`)),
    write: writeText,
    confirm,
    isInteractive: process.stdin.isTTY && process.stderr.isTTY,
    paint: paintFor(process.stdout.isTTY && !noColor),
    paintErr: paintFor(process.stderr.isTTY && !noColor),
    env: { url, token },
  };
}

function leaveOnClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(process.exitCode ?? 0);
  throw error;
}

async function readText(file: string): Promise<string> {
  try {
    const bytes = file === "-" ? await readAll(process.stdin) : await readFile(file);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new CommandFailure(exits.unreadable, `${shownName(file)} cannot be read: ${reasonOf(error)}`);
  }
}

async function writeText(file: string, text: string, options: { isNew?: boolean } = {}): Promise<void> {
  try {
    await writeFile(file, text, { flag: options.isNew ? "wx" : "w" });
  } catch (error) {
    throw new CommandFailure(exits.unreadable, `${file} cannot be written: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") return "it is not UTF-8 text";
  return reasons[code] ?? (code || "unknown reason");
}

async function confirm(question: string): Promise<boolean> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-D closes without an answer.
  const closed = new Promise<string>((resolve) => reader.once("close", () => resolve("")));
  try {
    return /^y(es)?$/i.test((await Promise.race([reader.question(`${question} [y/N] `), closed])).trim());
  } finally {
    reader.close();
  }
}
