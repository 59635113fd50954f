import "server-only";
import { closeDatabase, openDatabase } from "@/lib/db/db.server";
import { env, isPublicUrlSet, setRuntime } from "@/lib/env/env.server";
import { flushRefusals, handleMcp } from "@/lib/gateway/gateway.server";
import { flushTouchedGrants } from "@/lib/grants/grants.server";
import { closeEgress } from "@/lib/http/egress.server";
import { startLedger, stopLedger } from "@/lib/ledger/ledger.server";
import { closeChannels } from "@/lib/servers/channel.server";
import { closeVault, openVault, subkey } from "@/lib/vault/vault.server";
import { startDemo } from "./demo.server";
import { scanDue } from "@/lib/servers/servers.server";
import { startJobs } from "./jobs.server";
import { Listener } from "./listener.server";
import { openPages } from "./pages.server";
import { listenOn } from "./port.server";
import { failingParts } from "./readiness.server";
import { emptyDataFolder } from "./reset.server";
import { exitCodeOf } from "@/lib/env/start-error";
import { textOf } from "./failure-text";
import { setupText } from "./setup-text.server";
import { stopOnSignals, type Stoppable } from "./stop.server";

/** Shows `work` as one line of progress; `note` adds a remark to that line. */
export type Step = <T>(name: string, work: (note: (text: string) => void) => Promise<T>) => Promise<T>;

export interface BootOptions {
  /** The project's folder. */
  root: string;
  demo: boolean;
  dev: boolean;
  reset: boolean;
  /** Where the demo writes its facts; absolute. */
  jsonFile: string | null;
  step: Step;
}

/**
 * Starts the product in this process: socket, database, vault, ledger, console, demo. Ends the process with the exit code of
 * the error table and a plain text when a part cannot start; what had started is stopped first.
 */
export async function boot(options: BootOptions): Promise<void> {
  const parts: Stoppable[] = [];
  const stopper = stopOnSignals(parts);
  try {
    await start(options, parts);
  } catch (error) {
    // Stopped while it started: what then fails is no news.
    if (stopper.isStopping()) return;
    process.stderr.write(`\n${textOf(error)}\n`);
    await stopper.stop(exitCodeOf(error));
  }
}

async function start(options: BootOptions, parts: Stoppable[]): Promise<void> {
  const { step } = options;
  const { databaseUrl, dataDir, vaultKeys, vaultKeysFile } = env();
  const listener = new Listener({ handleMcp, failing: failingParts, dev: options.dev, proxyHops: env().proxyHops });
  await bind(listener, parts);
  if (options.reset) await step("empty data folder", (note) => emptyDataFolder({ dataDir, databaseUrl }, note));
  await step("database", async (note) => {
    // Listed first: an open that fails half-way is closed too.
    parts.push({ name: "database", stop: closeDatabase });
    const { warnings } = await openDatabase({ dataDir, databaseUrl });
    note([databaseUrl === null ? dataDir : "DATABASE_URL", ...warnings].join("; "));
  });
  const generateIn = databaseUrl === null ? dataDir : null;
  const { generatedFile } = await openVault({ keys: vaultKeys, keysFile: vaultKeysFile, generateIn });
  if (generatedFile !== null) process.stdout.write(keyFileText(generatedFile));
  parts.push({ name: "vault", stop: async () => closeVault() });
  const authSecret = env().authSecret ?? subkey("console-session").key.toString("base64url");
  setRuntime({ port: env().port, publicUrl: env().publicUrl, authSecret });
  parts.push({ name: "ledger", stop: stopLedger });
  await startLedger();
  parts.push({ name: "refusal log", stop: flushRefusals });
  parts.push({ name: "last use of grants", stop: flushTouchedGrants });
  parts.push({ name: "connections to servers", stop: closeEgress });
  parts.push({
    name: "jobs",
    stop: startJobs([{ name: "tool scan", everyMs: 60_000, run: (signal) => scanDue(signal) }]),
  });
  parts.push({ name: "sessions and processes of servers", stop: closeChannels });
  await step("console", async () => {
    const pages = await openPages(options, listener.server);
    parts.push({ name: "console", stop: pages.close });
    listener.serve(pages, env());
  });
  if (options.demo) await startDemo(options, parts);
  else process.stdout.write(await setupText(env().publicUrl));
}

function keyFileText(file: string): string {
  return `  ! A key ring was made: ${file}\n    A backup of the database cannot be read without it. Back it up, apart from the database.\n`;
}

async function bind(listener: Listener, parts: Stoppable[]): Promise<void> {
  const { host, port, portIsDefault, publicUrl } = env();
  const bound = await listenOn(listener.server, { host, port, mayMove: portIsDefault });
  parts.push({ name: "listener", listener });
  if (bound !== port && port !== 0) process.stdout.write(`  · port ${String(port)} is busy, using ${String(bound)}\n`);
  setRuntime({ port: bound, publicUrl: isPublicUrlSet() ? publicUrl : `http://localhost:${String(bound)}` });
}
