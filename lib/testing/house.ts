import { randomBytes } from "node:crypto";
import os from "node:os";
import path from "node:path";
import { setRuntime } from "@/lib/env/env.server";
import { closeVault, openVault } from "@/lib/vault/vault.server";
import { openTestDatabase } from "./database";

/** The origin that requests of tests come from. */
export const testOrigin = "http://localhost:4999";

export interface TestHouse {
  url: string;
  close(): Promise<void>;
}

/**
 * What a service needs around it: a database of this file's own, an open vault with a fresh key, the runtime facts of a start.
 * Call once in `beforeAll`, and `close()` in `afterAll`.
 */
export async function openTestHouse(): Promise<TestHouse> {
  process.env["LOG_LEVEL"] ??= "silent";
  process.env["POLICYLAYER_DATA_DIR"] ??= path.join(os.tmpdir(), `policylayer-house-${String(process.pid)}`);
  const database = await openTestDatabase();
  await openVault({ keys: `1:${randomBytes(32).toString("base64")}`, keysFile: null, generateIn: null });
  setRuntime({ port: 4999, publicUrl: testOrigin, authSecret: randomBytes(32).toString("base64url") });
  return {
    url: database.url,
    async close() {
      closeVault();
      await database.close();
    },
  };
}
