import { createInterface } from "node:readline";
import type { Answer, DatabaseChoice } from "./database-process";
import { closeDatabase, openDatabase, pool } from "@/lib/db/db.server";
import { exitCodeOf } from "@/lib/env/start-error";

// Run by startDatabaseProcess: the argument is a DatabaseChoice, stdin is SQL, or `close`.
const choice = JSON.parse(process.argv[2] ?? "") as DatabaseChoice;
const durable = choice.durable ?? false;
const options =
  "databaseUrl" in choice
    ? { dataDir: "", databaseUrl: choice.databaseUrl, durable }
    : { dataDir: choice.dataDir, databaseUrl: null, durable };
const say = (answer: Answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

// Ctrl-C must not end this process, so that a test sees what it does to the server.
process.on("SIGINT", () => undefined);

try {
  const facts = await openDatabase(options);
  say({ kind: "open", ...facts });
} catch (error) {
  const exitCode = exitCodeOf(error);
  say({ kind: "refused", message: error instanceof Error ? error.message : String(error), exitCode });
  process.exit(exitCode);
}

for await (const line of createInterface({ input: process.stdin })) {
  if (line === "close") break;
  const rows = await pool()
    .query<Record<string, unknown>>(line)
    .then((result) => result.rows)
    .catch((error: unknown) => [{ error: String(error) }]);
  say({ kind: "rows", rows });
}
await closeDatabase();
say({ kind: "closed" });
