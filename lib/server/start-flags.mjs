// Flags of `npm start`, `npm run demo` and `npm run dev`. Node built-ins only.
import path from "node:path";
import { parseArgs } from "node:util";

export const usage = `Usage: npm start -- [flags]    npm run demo -- [flags]    npm run dev -- [flags]

  --port N       listen on this port (default 3000, or the next free one)
  --reset        empty the data folder first
  --demo         demo payments server, demo data and logins      (npm run demo)
  --json FILE    with --demo: write URLs, token and logins to FILE (mode 0600)
  --dev          Next in development mode, restart on change      (npm run dev)
  --build-only   install and build, do not start                  (npm run build)
  --help         this text

Settings come from the environment: PORT, HOST, PUBLIC_URL, ALLOWED_HOSTS, POLICYLAYER_DATA_DIR, DATABASE_URL,
VAULT_KEYS or VAULT_KEYS_FILE, AUTH_SECRET, MCP_MAX_BODY_BYTES, MCP_OAUTH, LOG_LEVEL.
`;

/** Reads the command line. Throws an Error with a text for people on anything unknown. */
export function readFlags(args) {
  const { values } = parseArgs({
    args,
    strict: true,
    allowPositionals: false,
    options: {
      demo: { type: "boolean", default: false },
      dev: { type: "boolean", default: false },
      reset: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      "build-only": { type: "boolean", default: false },
      port: { type: "string" },
      json: { type: "string" },
    },
  });
  if (values.port !== undefined && !(/^\d{1,5}$/.test(values.port) && Number(values.port) <= 65535)) {
    throw new Error("--port takes a number from 0 to 65535.");
  }
  if (values.json === "") throw new Error("--json takes a file name.");
  if (values.json !== undefined && !values.demo) throw new Error("--json works with --demo only.");
  return {
    demo: values.demo,
    dev: values.dev,
    reset: values.reset,
    help: values.help,
    buildOnly: values["build-only"],
    port: values.port ?? null,
    jsonFile: values.json === undefined ? null : path.resolve(values.json),
  };
}
