import "server-only";
import { setTimeout as wait } from "node:timers/promises";
import { closeStreams } from "@/lib/gateway/gateway.server";
import { closeEgress } from "@/lib/http/egress.server";
import { closeEventStreams } from "@/lib/notify/notify.server";
import { exitCodeOf } from "@/lib/env/start-error";
import { textOf } from "./failure-text";
import type { Listener } from "./listener.server";

/** A part of the running product, in the order in which the parts were started. */
export type Stoppable = { name: string; stop: () => Promise<void> } | { name: string; listener: Listener };

/** Calls may run on for this long (docs/gateway.md, "Stop"), so that the rest fits into ten seconds. */
const drainMs = 7500;
/** What then still runs is cut at the upstream's side, and its client is told so for this long. */
const lastWordsMs = 300;
const allMs = 9800;
/** npm passes the terminal's Ctrl-C on, so that one press arrives twice; only a later one means "now". */
const secondPressAfterMs = 800;

export interface Stopper {
  stop: (exitCode: number) => Promise<void>;
  isStopping: () => boolean;
}

/**
 * Stops `parts` on SIGINT, SIGTERM or when the returned function is called: new requests get 503, listening streams are ended,
 * calls drain, then the other parts stop in reverse order, and the process exits. A second signal ends it at once.
 */
export function stopOnSignals(parts: Stoppable[]): Stopper {
  let stoppingSince: number | null = null;
  const stop = async (exitCode: number) => {
    if (stoppingSince !== null) return;
    stoppingSince = performance.now();
    setTimeout(() => process.exit(exitCode === 0 ? 1 : exitCode), allMs).unref();
    const clean = await stopParts(parts);
    process.exit(exitCode === 0 && !clean ? 1 : exitCode);
  };
  const onSignal = (signal: string) => {
    if (stoppingSince === null) {
      process.stdout.write(`\n${signal}: stopping …\n`);
      void stop(0).then(() => undefined);
    } else if (performance.now() - stoppingSince > secondPressAfterMs) {
      process.exit(signal === "SIGINT" ? 130 : 143);
    }
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  process.on("SIGHUP", onSignal);
  const onFault = (error: unknown) => {
    process.stderr.write(`\n${textOf(error)}\n`);
    void stop(exitCodeOf(error));
  };
  process.on("uncaughtException", onFault);
  process.on("unhandledRejection", onFault);
  return { stop, isStopping: () => stoppingSince !== null };
}

async function stopParts(parts: readonly Stoppable[]): Promise<boolean> {
  const found = parts.find((part) => "listener" in part);
  if (found && "listener" in found) await drain(found.listener);
  let clean = true;
  for (const part of [...parts].reverse()) {
    if ("listener" in part) continue;
    try {
      await part.stop();
    } catch (error) {
      clean = false;
      process.stderr.write(
        `${part.name} did not stop cleanly: ${error instanceof Error ? error.message : "unknown"}\n`,
      );
    }
  }
  if (clean) process.stdout.write("Stopped.\n");
  return clean;
}

async function drain(listener: Listener): Promise<void> {
  listener.refuse();
  closeStreams("listening");
  closeEventStreams();
  await untilAnswered(listener, drainMs);
  if (listener.open.size > 0) {
    await closeEgress();
    await untilAnswered(listener, lastWordsMs);
  }
  closeStreams();
  listener.server.close();
  listener.server.closeAllConnections();
}

async function untilAnswered(listener: Listener, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (listener.open.size > 0 && performance.now() < deadline) await wait(20);
}
