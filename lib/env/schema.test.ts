import { describe, expect, test } from "vitest";
import { parseCommandEnv, parseEnv } from "./schema";

const folder = "/data";

function parsed(source: Record<string, string>) {
  const result = parseEnv(source, folder);
  if (!result.ok) throw new Error(result.names.join());
  return result.env;
}

describe("settings", () => {
  test("are complete without any variable: loopback, port 3000, bundled database", () => {
    expect(parsed({})).toMatchObject({
      port: 3000,
      portIsDefault: true,
      host: "127.0.0.1",
      publicUrl: "http://localhost:3000",
      allowedHosts: [],
      proxyHops: 0,
      dataDir: folder,
      databaseUrl: null,
      mcpMaxBodyBytes: 1_048_576,
      mcpOauth: true,
      vaultKeys: null,
      authSecret: null,
      stdio: null,
      failpoint: null,
    });
  });

  test("local processes are off unless ALLOW_STDIO is 1, and then only those of the list", () => {
    expect(parsed({ STDIO_COMMANDS: "npx" }).stdio).toBeNull();
    expect(parsed({ ALLOW_STDIO: "0", STDIO_COMMANDS: "npx" }).stdio).toBeNull();
    expect(parsed({ ALLOW_STDIO: "1" }).stdio).toEqual({ commands: [], path: "/usr/local/bin:/usr/bin:/bin" });
    expect(parsed({ ALLOW_STDIO: "1", STDIO_COMMANDS: "npx, /opt/a b/mcp", PATH: "/bin" }).stdio).toEqual({
      commands: ["npx", "/opt/a b/mcp"],
      path: "/bin",
    });
  });

  test.each(["npx,", "./mcp", "bin/mcp", "npx -y", "/opt/", "$(x)"])("STDIO_COMMANDS %j is refused", (commands) => {
    expect(parseEnv({ ALLOW_STDIO: "1", STDIO_COMMANDS: commands }, folder)).toEqual({
      ok: false,
      names: ["STDIO_COMMANDS"],
    });
  });

  test("an empty variable counts as absent", () => {
    expect(parsed({ PORT: "", DATABASE_URL: "" })).toMatchObject({ portIsDefault: true, databaseUrl: null });
  });

  test("the public URL loses its slash and its case, aliases their spaces", () => {
    const env = parsed({
      PUBLIC_URL: "https://Console.Example/",
      ALLOWED_HOSTS: "a.example, B.example:8443,[::1]:3000",
    });
    expect(env.publicUrl).toBe("https://console.example");
    expect(env.allowedHosts).toEqual(["a.example", "b.example:8443", "[::1]:3000"]);
  });

  test("a failpoint is refused in production, so that none is left on by mistake", () => {
    expect(parseEnv({ NODE_ENV: "production", FAILPOINT: "x" }, folder)).toEqual({ ok: false, names: ["FAILPOINT"] });
    expect(parsed({ NODE_ENV: "test", FAILPOINT: "x" }).failpoint).toBe("x");
  });

  const bad: [name: string, value: string][] = [
    ["PORT", "70000"],
    ["PORT", "-1"],
    ["PORT", "3000; rm"],
    ["HOST", "a b"],
    ["PUBLIC_URL", "console.example"],
    ["PUBLIC_URL", "https://user:pass@console.example"],
    ["PUBLIC_URL", "https://console.example/path"],
    ["ALLOWED_HOSTS", "https://a.example"],
    ["ALLOWED_HOSTS", "*"],
    ["TRUSTED_PROXY_HOPS", "11"],
    ["TRUSTED_PROXY_HOPS", "10.0.0.1"],
    ["DATABASE_URL", "mysql://secret-value@host/db"],
    ["MCP_MAX_BODY_BYTES", "1e6"],
    ["MCP_OAUTH", "maybe"],
    ["AUTH_SECRET", "secret-value"],
    ["LOG_LEVEL", "loud"],
    ["NODE_ENV", "staging"],
  ];
  test.each(bad)("a bad %s is named (%s)", (name, value) => {
    expect(parseEnv({ [name]: value }, folder)).toEqual({ ok: false, names: [name] });
  });

  test("all bad names are given at once, and no value", () => {
    const result = parseEnv({ PORT: "secret-value", AUTH_SECRET: "secret-value", LOG_LEVEL: "info" }, folder);
    expect(result).toEqual({ ok: false, names: ["AUTH_SECRET", "PORT"] });
  });
});

test("the command line reads its own variables only, and an empty one counts as absent", () => {
  expect(parseCommandEnv({ POLICYLAYER_URL: "", POLICYLAYER_TOKEN: "plt_x", NO_COLOR: "", PORT: "bad" })).toEqual({
    url: null,
    token: "plt_x",
    noColor: false,
  });
  expect(parseCommandEnv({ POLICYLAYER_URL: "https://a.example", NO_COLOR: "0" })).toMatchObject({
    url: "https://a.example",
    token: null,
    noColor: true,
  });
});
