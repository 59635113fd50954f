import "server-only";
import { pino, type Logger } from "pino";
import { env } from "@/lib/env/env.server";
import { singleton } from "@/lib/kernel/singleton";

/** The product's log: one JSON line per request on standard output. Values that could be secrets are cut by name. */
export function log(): Logger {
  return singleton("log", () =>
    pino({
      level: env().logLevel,
      base: null,
      redact: { paths: ["*.token", "*.password", "*.authorization", "*.cookie", "*.value"], remove: true },
    }),
  );
}
