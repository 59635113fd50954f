import { z } from "zod";

/** The settings of this process, parsed once. Optional groups are null when absent: the feature is then off, never open. */
export interface Env {
  readonly nodeEnv: "production" | "development" | "test";
  readonly port: number;
  /** True when PORT was not set, so that a busy port may be replaced by the next free one. */
  readonly portIsDefault: boolean;
  readonly host: string;
  /** Origin that people and agents use, without a trailing slash. */
  readonly publicUrl: string;
  /** Hosts (`name` or `name:port`) accepted in `Host` besides the public URL's and loopback. */
  readonly allowedHosts: readonly string[];
  /** Proxies of our own in front, each of which adds to `X-Forwarded-For`; 0 = the header is not read. */
  readonly proxyHops: number;
  readonly dataDir: string;
  /** Null = the bundled PostgreSQL. */
  readonly databaseUrl: string | null;
  readonly mcpMaxBodyBytes: number;
  /** False: no OAuth toward clients. Its documents and endpoints answer 404, and tokens that it gave out open nothing. */
  readonly mcpOauth: boolean;
  readonly vaultKeys: string | null;
  readonly vaultKeysFile: string | null;
  readonly authSecret: string | null;
  readonly logLevel: "fatal" | "error" | "warn" | "info" | "debug" | "trace" | "silent";
  /** Null = no process of this machine may be an upstream. */
  readonly stdio: StdioEnv | null;
  /** Name of the failure that a test injects; a production start with one is refused. */
  readonly failpoint: string | null;
}

/** What upstreams over stdio may be. */
export interface StdioEnv {
  /** Programs that may be started, each an absolute path or a bare name; a server's command must be one of them, letter by letter. */
  readonly commands: readonly string[];
  /** Where bare names are looked for; the one thing that a process inherits. */
  readonly path: string;
}

export type EnvSource = Readonly<Record<string, string | undefined>>;

export type EnvResult = { ok: true; env: Env } | { ok: false; names: readonly string[] };

const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,10}$/)
    .transform(Number)
    .refine((value) => value >= min && value <= max);

const origin = z
  .string()
  .refine((text) => /^https?:\/\/[^/?#@\s]+\/?$/i.test(text))
  .transform((text) => text.replace(/\/$/, "").toLowerCase());

const hosts = z
  .string()
  .transform((text) => text.split(",").map((host) => host.trim().toLowerCase()))
  .refine((list) => list.every((host) => /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/.test(host)));

const commands = z
  .string()
  .transform((text) => text.split(",").map((command) => command.trim()))
  .refine((list) => list.every((command) => /^(\/[^\0]*[^\0/]|[A-Za-z0-9][A-Za-z0-9._+-]*)$/.test(command)));

const schema = z.object({
  NODE_ENV: z.enum(["production", "development", "test"]).default("production"),
  PORT: whole(0, 65_535).optional(),
  HOST: z
    .string()
    .regex(/^[0-9A-Za-z.:_-]+$/)
    .default("127.0.0.1"),
  PUBLIC_URL: origin.optional(),
  ALLOWED_HOSTS: hosts.default([]),
  TRUSTED_PROXY_HOPS: whole(0, 10).default(0),
  POLICYLAYER_DATA_DIR: z.string().optional(),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\/\S+$/)
    .optional(),
  MCP_MAX_BODY_BYTES: whole(1024, 67_108_864).default(1_048_576),
  MCP_OAUTH: z.enum(["on", "off"]).default("on"),
  VAULT_KEYS: z.string().optional(),
  VAULT_KEYS_FILE: z.string().optional(),
  AUTH_SECRET: z.string().min(32).optional(),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
  ALLOW_STDIO: z.enum(["0", "1"]).default("0"),
  STDIO_COMMANDS: commands.default([]),
  PATH: z.string().default("/usr/local/bin:/usr/bin:/bin"),
  FAILPOINT: z.string().optional(),
});

/** A failure on demand has no place where real calls are governed: refused. */
const isRefused = (read: z.output<typeof schema>) => read.NODE_ENV === "production" && read.FAILPOINT !== undefined;

/**
 * Reads the settings out of `source`; an empty value counts as absent. Names every bad variable, never its value.
 * `dataDir` is the folder to use when POLICYLAYER_DATA_DIR is absent.
 */
export function parseEnv(source: EnvSource, dataDir: string): EnvResult {
  const present = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ""));
  const parsed = schema.safeParse(present);
  if (!parsed.success) {
    const names = new Set(parsed.error.issues.map((issue) => String(issue.path[0])));
    return { ok: false, names: [...names].sort() };
  }
  const read = parsed.data;
  if (isRefused(read)) return { ok: false, names: ["FAILPOINT"] };
  const port = read.PORT ?? 3000;
  return {
    ok: true,
    env: {
      nodeEnv: read.NODE_ENV,
      port,
      portIsDefault: read.PORT === undefined,
      host: read.HOST,
      publicUrl: read.PUBLIC_URL ?? `http://localhost:${String(port)}`,
      allowedHosts: read.ALLOWED_HOSTS,
      proxyHops: read.TRUSTED_PROXY_HOPS,
      dataDir: read.POLICYLAYER_DATA_DIR ?? dataDir,
      databaseUrl: read.DATABASE_URL ?? null,
      mcpMaxBodyBytes: read.MCP_MAX_BODY_BYTES,
      mcpOauth: read.MCP_OAUTH === "on",
      vaultKeys: read.VAULT_KEYS ?? null,
      vaultKeysFile: read.VAULT_KEYS_FILE ?? null,
      authSecret: read.AUTH_SECRET ?? null,
      logLevel: read.LOG_LEVEL,
      stdio: read.ALLOW_STDIO === "1" ? { commands: read.STDIO_COMMANDS, path: read.PATH } : null,
      failpoint: read.FAILPOINT ?? null,
    },
  };
}

/** What the command line takes from the environment; none of the server's settings. Null when absent. */
export interface CommandEnv {
  /** Origin of the gateway that `plan` and `apply` talk to, as given. */
  readonly url: string | null;
  readonly token: string | null;
  /** https://no-color.org: any value that is not empty. */
  readonly noColor: boolean;
}

/** Never fails: the command itself judges a URL and a token, wherever they came from. */
export function parseCommandEnv(source: EnvSource): CommandEnv {
  return {
    url: source["POLICYLAYER_URL"] || null,
    token: source["POLICYLAYER_TOKEN"] || null,
    noColor: Boolean(source["NO_COLOR"]),
  };
}
