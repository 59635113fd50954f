import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";

/** What the process answers: facts of an opened database, rows of a query, or why it could not. */
export interface Answer {
  kind: "open" | "rows" | "closed" | "refused";
  adopted?: boolean;
  applied?: string[];
  bundled?: boolean;
  warnings?: string[];
  rows?: Record<string, unknown>[];
  message?: string;
  exitCode?: number;
}

/** A process of its own that opens a database, for what one process cannot show: owners, kills, signals, races. */
export interface DatabaseProcess {
  pid: number;
  /** The process, and with it its process group, as a terminal's Ctrl-C would reach it. */
  child: ChildProcess;
  first: Promise<Answer>;
  query: (sql: string) => Promise<Answer>;
  close: () => Promise<Answer>;
  kill: () => Promise<void>;
}

/** Which database to open: the bundled one of a folder or a URL. `durable: true`: as in production. */
export type DatabaseChoice = { dataDir: string; durable?: boolean } | { databaseUrl: string; durable?: boolean };

/** Starts the process; `first` is its first answer. */
export function startDatabaseProcess(choice: DatabaseChoice): DatabaseProcess {
  const script = path.join(import.meta.dirname, "database-process-run.ts");
  const child = spawn(
    process.execPath,
    ["--conditions=react-server", "--import", "tsx", script, JSON.stringify(choice)],
    { cwd: process.cwd(), detached: true, stdio: ["pipe", "pipe", "inherit"] },
  );
  const { pid, stdin, stdout } = child;
  if (pid === undefined) throw new Error("The database process did not start.");
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Answer> => {
    const line = await lines.next();
    if (line.done) throw new Error("The database process ended without an answer.");
    return JSON.parse(line.value) as Answer;
  };
  const ask = async (text: string): Promise<Answer> => {
    stdin.write(`${text}\n`);
    return next();
  };
  const gone = once(child, "exit");
  return {
    pid,
    child,
    first: next(),
    query: async (sql) => ask(sql),
    async close() {
      const answer = await ask("close");
      stdin.end();
      await gone;
      return answer;
    },
    async kill() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}
