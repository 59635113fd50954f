import "server-only";
import path from "node:path";
import { AppError } from "@/lib/kernel/errors";
import { singleton } from "@/lib/kernel/singleton";
import { parseCommandEnv, parseEnv, type CommandEnv, type Env } from "./schema";

/** What only the start knows: the port that was free, the origin that follows from it, the derived sign-in secret. */
export interface Runtime {
  port: number;
  publicUrl: string;
  authSecret?: string;
}

const state = singleton<{ env: Env | null; publicUrlIsSet: boolean }>("env", () => ({
  env: null,
  publicUrlIsSet: false,
}));

/**
 * The settings of this process, read from the environment on first use. Throws `bad_environment` with the names of the bad
 * variables, never their values.
 */
export function env(): Env {
  if (state.env) return state.env;
  const parsed = parseEnv(process.env, path.resolve(".data", "main"));
  if (!parsed.ok) throw new AppError("bad_environment", { detail: parsed.names.join(", ") });
  state.publicUrlIsSet = Boolean(process.env.PUBLIC_URL);
  state.env = { ...parsed.env, dataDir: path.resolve(parsed.env.dataDir) };
  return state.env;
}

/** What the command line takes from the environment. Needs none of the server's settings, so bad ones do not stop a check. */
export function commandEnv(): CommandEnv {
  return parseCommandEnv(process.env);
}

/** True when the operator chose the public URL, so that a changed port must not change it. */
export function isPublicUrlSet(): boolean {
  env();
  return state.publicUrlIsSet;
}

/** Fixes what the start found out, for both bundles of the process, and hands next-auth its two variables. */
export function setRuntime(runtime: Runtime): void {
  const secret = runtime.authSecret ?? env().authSecret;
  state.env = { ...env(), port: runtime.port, publicUrl: runtime.publicUrl, authSecret: secret };
  process.env.NEXTAUTH_URL = runtime.publicUrl;
  if (secret) process.env.NEXTAUTH_SECRET = secret;
}
