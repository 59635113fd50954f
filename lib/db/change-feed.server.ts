import "server-only";
import { setTimeout as wait } from "node:timers/promises";
import type pg from "pg";
import { changeChannel, parsePayload, type Change } from "./change";
import { openClient, stepTimeoutMs } from "./connect.server";

const retryMinMs = 50;
const retryMaxMs = 1_000;
const heartbeatMs = 2_000;

interface Handlers {
  change: (change: Change) => void;
  reconnect: () => void;
}

/** A living LISTEN connection. */
export interface ChangeFeed {
  close(): Promise<void>;
}

/** Resolves when the connection is gone: closed, broken, or silent for longer than a heartbeat may take. */
async function untilLost(client: pg.Client): Promise<void> {
  return new Promise((resolve) => {
    const beat = setInterval(() => {
      client.query("SELECT 1").catch(lost);
    }, heartbeatMs);
    beat.unref();
    function lost() {
      clearInterval(beat);
      resolve();
    }
    client.once("end", lost);
    client.once("error", lost);
  });
}

async function listen(url: string, handlers: Handlers): Promise<pg.Client> {
  const client = await openClient(url, "changes", { query_timeout: stepTimeoutMs });
  client.on("notification", ({ payload }) => {
    const change = parsePayload(payload ?? "");
    if (change) handlers.change(change);
  });
  await client.query(`LISTEN ${changeChannel}`);
  return client;
}

/**
 * Hears every change that a committed transaction published, on one connection that is made again whenever it is lost. PostgreSQL
 * forgets notifications for absent listeners, so after each new connection `reconnect` is called: drop what was cached.
 */
export async function openChangeFeed(url: string, handlers: Handlers): Promise<ChangeFeed> {
  const stop = new AbortController();
  let client = await listen(url, handlers);

  async function keepListening(): Promise<void> {
    while (!stop.signal.aborted) {
      await untilLost(client);
      void client.end().catch(() => undefined);
      for (let delayMs = retryMinMs; !stop.signal.aborted; delayMs = Math.min(delayMs * 2, retryMaxMs)) {
        const next = await listen(url, handlers).catch(() => null);
        if (next) {
          client = next;
          handlers.reconnect();
          break;
        }
        await wait(delayMs, undefined, { ref: false, signal: stop.signal }).catch(() => undefined);
      }
    }
    await client.end().catch(() => undefined);
  }

  const running = keepListening();
  return {
    async close() {
      stop.abort();
      await client.end().catch(() => undefined);
      await Promise.race([running, wait(stepTimeoutMs, undefined, { ref: false })]);
    },
  };
}
