import { expect, test } from "vitest";
import { parseEnv, type Env } from "./schema";

function read(source: Record<string, string>): Env {
  const result = parseEnv(source, "/data");
  if (!result.ok) throw new Error(`bad: ${result.names.join(", ")}`);
  return result.env;
}

test("an empty environment gives a start that works on this machine alone", () => {
  expect(read({})).toEqual({
    nodeEnv: "production",
    port: 3000,
    portIsDefault: true,
    host: "127.0.0.1",
    publicUrl: "http://localhost:3000",
    allowedHosts: [],
    dataDir: "/data",
    databaseUrl: null,
    mcpMaxBodyBytes: 1_048_576,
    vaultKeys: null,
    vaultKeysFile: null,
    authSecret: null,
    logLevel: "info",
    failpoint: null,
  });
});

test("every variable is read", () => {
  const source = {
    PORT: "8080",
    HOST: "0.0.0.0",
    PUBLIC_URL: "https://Gate.Example.com/",
    ALLOWED_HOSTS: "Gate.internal, 10.0.0.5:8080",
    POLICYLAYER_DATA_DIR: "/srv/policylayer",
    DATABASE_URL: "postgresql://u:p@db/policylayer",
    MCP_MAX_BODY_BYTES: "2097152",
    VAULT_KEYS: "1:abc",
    AUTH_SECRET: "x".repeat(32),
    LOG_LEVEL: "debug",
    NODE_ENV: "test",
    FAILPOINT: "before-reserve:kill",
  };
  expect(read(source)).toMatchObject({
    port: 8080,
    portIsDefault: false,
    host: "0.0.0.0",
    publicUrl: "https://gate.example.com",
    allowedHosts: ["gate.internal", "10.0.0.5:8080"],
    dataDir: "/srv/policylayer",
    databaseUrl: "postgresql://u:p@db/policylayer",
    mcpMaxBodyBytes: 2_097_152,
    vaultKeys: "1:abc",
    authSecret: "x".repeat(32),
    logLevel: "debug",
    failpoint: "before-reserve:kill",
  });
});

test("an empty value counts as absent", () => {
  expect(read({ PORT: "", DATABASE_URL: "", FAILPOINT: "" })).toMatchObject({ port: 3000, databaseUrl: null });
});

test("all bad names are listed at once, and no value", () => {
  const source = {
    PORT: "70000",
    PUBLIC_URL: "ftp://hush",
    DATABASE_URL: "mysql://secret",
    AUTH_SECRET: "short",
    LOG_LEVEL: "loud",
  };
  const result = parseEnv(source, "/data");
  expect(result).toEqual({ ok: false, names: ["AUTH_SECRET", "DATABASE_URL", "LOG_LEVEL", "PORT", "PUBLIC_URL"] });
});

test.each([
  ["PORT", "80x"],
  ["PORT", "-1"],
  ["HOST", "a b"],
  ["PUBLIC_URL", "https://user@example.com"],
  ["PUBLIC_URL", "https://example.com/path"],
  ["ALLOWED_HOSTS", "https://example.com"],
  ["ALLOWED_HOSTS", "a,,b"],
  ["MCP_MAX_BODY_BYTES", "10"],
  ["NODE_ENV", "staging"],
])("%s=%s is refused", (name, value) => {
  expect(parseEnv({ [name]: value }, "/data")).toEqual({ ok: false, names: [name] });
});

test("a production start with a failpoint is refused, and one without NODE_ENV is production", () => {
  const bad = { ok: false, names: ["FAILPOINT"] };
  expect(parseEnv({ NODE_ENV: "production", FAILPOINT: "x:kill" }, "/data")).toEqual(bad);
  expect(parseEnv({ FAILPOINT: "x:kill" }, "/data")).toEqual(bad);
});
