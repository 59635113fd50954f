/** Who has to act on a failure: the caller, the operator of this gateway, the upstream's people, or us. */
export type Owner = "caller" | "operator" | "upstream" | "us";

/** How the agent sees a refusal of a tool call: D policy denied, U upstream error; absent = protocol error. */
export type Prefix = "D" | "U";

interface Row {
  /** HTTP status, in the console's API and on `/mcp` for requests other than `tools/call`. */
  readonly status: number;
  /** JSON-RPC error code on `/mcp`. */
  readonly rpc: number;
  readonly prefix?: Prefix;
  readonly owner: Owner;
  /** What callers are told. Never holds internals. */
  readonly say: string;
  /** What to check, for docs/errors.md. */
  readonly check: string;
  /** Exit code of the process when the start fails with this (sysexits.h: 75 temporary, 78 configuration). */
  readonly exit?: number;
}

/**
 * Every failure that leaves this process, once. Two mappers read it: `lib/http/respond.server.ts` (API) and
 * `lib/gateway/messages.ts` (MCP). Own JSON-RPC codes −31001…−31004 lie outside the reserved range of JSON-RPC 2.0, section 5.1.
 */
export const errorTable = {
  invalid_input: {
    status: 400,
    rpc: -32602,
    owner: "caller",
    say: "The request is not valid.",
    check: "The `issues` list names each field.",
  },
  unauthenticated: {
    status: 401,
    rpc: -31001,
    owner: "caller",
    say: "Sign in first.",
    check: "Session ended, or no session cookie was sent.",
  },
  forbidden: {
    status: 403,
    rpc: -31001,
    owner: "caller",
    say: "Your role does not allow this.",
    check: "Ask an admin; the role table is in docs/security.md.",
  },
  bad_origin: {
    status: 403,
    rpc: -31001,
    owner: "caller",
    say: "This request comes from a foreign origin or host.",
    check: "PUBLIC_URL and ALLOWED_HOSTS must name the host that clients use.",
  },
  not_found: {
    status: 404,
    rpc: -32602,
    owner: "caller",
    say: "There is no such thing here.",
    check: "The id, and that it belongs to your organisation.",
  },
  method_not_allowed: {
    status: 405,
    rpc: -32600,
    owner: "caller",
    say: "This HTTP method is not supported here.",
    check: "The `Allow` header lists the methods.",
  },
  conflict: {
    status: 409,
    rpc: -32600,
    owner: "caller",
    say: "Someone else changed this meanwhile.",
    check: "Reload, then apply your change again.",
  },
  name_taken: {
    status: 409,
    rpc: -32600,
    owner: "caller",
    say: "This name is already in use.",
    check: "Choose another name.",
  },
  in_use: {
    status: 409,
    rpc: -32600,
    owner: "caller",
    say: "Something still depends on this.",
    check: "Detach or revoke what uses it first.",
  },
  last_admin: {
    status: 409,
    rpc: -32600,
    owner: "caller",
    say: "An organisation keeps at least one admin.",
    check: "Make someone else an admin first.",
  },
  setup_done: {
    status: 404,
    rpc: -32600,
    owner: "caller",
    say: "This installation is already set up.",
    check: "Sign in instead.",
  },
  setup_token: {
    status: 403,
    rpc: -32600,
    owner: "caller",
    say: "The set-up link is wrong or was used.",
    check: "The start log prints the link; it works once.",
  },
  policy_invalid: {
    status: 422,
    rpc: -32602,
    owner: "caller",
    say: "The policy has errors and was not published.",
    check: "The `issues` list gives line, column and hint.",
  },
  scan_failed: {
    status: 502,
    rpc: -31003,
    owner: "upstream",
    say: "The server could not be scanned.",
    check: "The detail says at which step the upstream failed.",
  },
  too_many_requests: {
    status: 429,
    rpc: -31004,
    owner: "caller",
    say: "Too many attempts. Wait a moment.",
    check: "`Retry-After` gives the seconds.",
  },

  duplicate_header: {
    status: 400,
    rpc: -32600,
    owner: "caller",
    say: "A security header was sent more than once.",
    check: "Client or proxy sends Authorization, Host, Origin, Content-* or Mcp-* twice.",
  },
  token_in_url: {
    status: 400,
    rpc: -32600,
    owner: "caller",
    say: "Send the grant token in the Authorization header, never in the URL.",
    check: "Client configuration.",
  },
  invalid_token: {
    status: 401,
    rpc: -31001,
    owner: "caller",
    say: "The grant token is missing, unknown or no longer valid.",
    check: "The grant's state in the console; the server id in the URL.",
  },
  too_large: {
    status: 413,
    rpc: -32600,
    owner: "caller",
    say: "The request body is too large.",
    check: "MCP_MAX_BODY_BYTES.",
  },
  content_type: {
    status: 415,
    rpc: -32600,
    owner: "caller",
    say: "Send uncompressed application/json.",
    check: "Content-Type and Content-Encoding of the client.",
  },
  encoding: {
    status: 400,
    rpc: -32700,
    owner: "caller",
    say: "The body is not plain UTF-8 text.",
    check: "BOM, UTF-16, lone surrogates and NUL are refused.",
  },
  syntax: {
    status: 400,
    rpc: -32700,
    owner: "caller",
    say: "The body is not valid JSON.",
    check: "The client's serialiser.",
  },
  depth: {
    status: 400,
    rpc: -32700,
    owner: "caller",
    say: "The JSON is nested too deeply or has too many members.",
    check: "64 levels, 10,000 nodes, 1,024 bytes per key.",
  },
  number: {
    status: 400,
    rpc: -32700,
    owner: "caller",
    say: "A number is out of range.",
    check: "30 significant digits, exponent within ±30.",
  },
  duplicate_key: {
    status: 400,
    rpc: -32700,
    owner: "caller",
    say: "A JSON object holds the same key twice.",
    check: "The client's serialiser.",
  },
  folded_key: {
    status: 400,
    rpc: -32600,
    owner: "caller",
    say: "Two keys differ only by case or form.",
    check: "Keys such as `Method` or `Amount` beside the real ones.",
  },
  envelope: {
    status: 400,
    rpc: -32600,
    owner: "caller",
    say: "This is not a JSON-RPC 2.0 message.",
    check: "Only jsonrpc, id, method, params, result, error.",
  },
  id: {
    status: 400,
    rpc: -32600,
    owner: "caller",
    say: "The JSON-RPC id is missing or not allowed.",
    check: "A string or a safe integer; a tools/call needs one.",
  },
  batch: {
    status: 400,
    rpc: -32600,
    owner: "caller",
    say: "JSON-RPC batches are not accepted.",
    check: "Send one message per request.",
  },
  arguments: {
    status: 400,
    rpc: -32602,
    owner: "caller",
    say: "Tool arguments must be an object.",
    check: "params.arguments and params.name.",
  },
  header_mismatch: {
    status: 400,
    rpc: -32020,
    owner: "caller",
    say: "A header disagrees with the body.",
    check: "MCP-Protocol-Version, Mcp-Method, Mcp-Name.",
  },
  version: {
    status: 400,
    rpc: -32600,
    owner: "caller",
    say: "Unknown MCP protocol version.",
    check: "Known: 2025-03-26, 2025-06-18, 2025-11-25, 2026-07-28.",
  },
  meta: {
    status: 400,
    rpc: -32602,
    owner: "caller",
    say: "Required members of _meta are missing.",
    check: "2026-07-28 needs protocolVersion and clientCapabilities.",
  },
  session: {
    status: 404,
    rpc: -32001,
    owner: "caller",
    say: "Unknown or expired session.",
    check: "The client should initialise again.",
  },
  unknown_method: {
    status: 404,
    rpc: -32601,
    owner: "caller",
    say: "Method not found",
    check: "Not a method of this protocol revision.",
  },
  unknown_server: {
    status: 404,
    rpc: -32600,
    owner: "caller",
    say: "There is no such server.",
    check: "The id in the URL.",
  },

  kill_switch: {
    status: 200,
    rpc: -31001,
    prefix: "D",
    owner: "operator",
    say: "Stopped by an operator",
    check: "The kill switch.",
  },
  server_disabled: {
    status: 200,
    rpc: -31001,
    prefix: "D",
    owner: "operator",
    say: "This server is disabled",
    check: "The server's page.",
  },
  grant_revoked: {
    status: 401,
    rpc: -31001,
    prefix: "D",
    owner: "operator",
    say: "This grant was revoked",
    check: "The grant's page.",
  },
  no_policy: {
    status: 200,
    rpc: -31001,
    prefix: "D",
    owner: "operator",
    say: "No policy is attached to this grant",
    check: "Attach and publish a policy.",
  },
  default_deny: {
    status: 200,
    rpc: -31001,
    prefix: "D",
    owner: "operator",
    say: "This tool is not listed in the policy",
    check: "List the tool in the policy.",
  },
  method_denied: {
    status: 200,
    rpc: -31001,
    owner: "operator",
    say: "This method is denied by the policy",
    check: "`methods:` in the policy.",
  },
  rule: {
    status: 200,
    rpc: -31001,
    prefix: "D",
    owner: "operator",
    say: "Denied by a rule",
    check: "The rule named in the decision.",
  },
  limit: {
    status: 200,
    rpc: -31001,
    prefix: "D",
    owner: "operator",
    say: "A limit is reached",
    check: "The counter on the overview page.",
  },
  policy_changed: {
    status: 200,
    rpc: -31001,
    prefix: "D",
    owner: "operator",
    say: "The policy keeps changing; try again",
    check: "Who publishes so often.",
  },
  ledger_unavailable: {
    status: 503,
    rpc: -31002,
    prefix: "D",
    owner: "operator",
    say: "The gateway cannot record this call, so it was not made",
    check: "PostgreSQL: reachable, writable, disk not full.",
  },
  internal: {
    status: 500,
    rpc: -31002,
    prefix: "D",
    owner: "us",
    say: "The gateway failed and did not make this call",
    check: "The log line with this request id.",
  },
  concurrency: {
    status: 429,
    rpc: -31004,
    prefix: "D",
    owner: "caller",
    say: "Too many calls at once",
    check: "64 per grant, 256 per server.",
  },

  upstream_unreachable: {
    status: 502,
    rpc: -31003,
    prefix: "U",
    owner: "upstream",
    say: "The server could not be reached; the call was not made",
    check: "Name resolution, port, TLS of the upstream.",
  },
  address_blocked: {
    status: 502,
    rpc: -31003,
    prefix: "U",
    owner: "operator",
    say: "The server's address is not allowed; the call was not made",
    check: "The private-network switch of the server.",
  },
  upstream_auth_required: {
    status: 502,
    rpc: -31003,
    prefix: "U",
    owner: "operator",
    say: "The server refused the gateway's credential; the call was not made",
    check: "The server's headers in the console.",
  },
  upstream_rate_limited: {
    status: 429,
    rpc: -31003,
    prefix: "U",
    owner: "upstream",
    say: "The server limits its calls; the call was not made",
    check: "The upstream's own limits.",
  },
  upstream_rejected: {
    status: 400,
    rpc: -31003,
    prefix: "U",
    owner: "upstream",
    say: "The server rejected the request; the call was not made",
    check: "The upstream's logs.",
  },
  upstream_error: {
    status: 502,
    rpc: -31003,
    prefix: "U",
    owner: "upstream",
    say: "The server failed; the call may have run",
    check: "The upstream's logs, before repeating the call.",
  },
  upstream_timeout: {
    status: 504,
    rpc: -31003,
    prefix: "U",
    owner: "upstream",
    say: "The server did not answer in time; the call may have run",
    check: "The upstream's logs, before repeating the call.",
  },
  upstream_too_large: {
    status: 502,
    rpc: -31003,
    prefix: "U",
    owner: "upstream",
    say: "The server's answer is too large; the call may have run",
    check: "10 MiB per answer.",
  },
  upstream_malformed: {
    status: 502,
    rpc: -31003,
    prefix: "U",
    owner: "upstream",
    say: "The server's answer could not be read; the call may have run",
    check: "The upstream speaks MCP over streamable HTTP.",
  },
  caller_gone: {
    status: 499,
    rpc: -31002,
    owner: "caller",
    say: "The client closed the connection.",
    check: "Nothing, unless it happens often.",
  },

  bad_environment: {
    status: 500,
    rpc: -31002,
    owner: "operator",
    say: "The environment variables are not valid.",
    check: "The start names each bad variable, never its value.",
    exit: 1,
  },
  data_folder_in_use: {
    status: 500,
    rpc: -31002,
    owner: "operator",
    say: "Another PolicyLayer process uses this data folder.",
    check: "Stop the process that the text names, or set POLICYLAYER_DATA_DIR.",
    exit: 75,
  },
  database_start: {
    status: 500,
    rpc: -31002,
    owner: "operator",
    say: "The database could not be started or reached.",
    check: "DATABASE_URL, or the bundled PostgreSQL's log in the data folder.",
    exit: 1,
  },
  schema_newer: {
    status: 500,
    rpc: -31002,
    owner: "operator",
    say: "The database was written by a newer version.",
    check: "Start that version, or restore a backup.",
    exit: 78,
  },
  vault_key: {
    status: 500,
    rpc: -31002,
    owner: "operator",
    say: "The vault's key ring is missing or wrong.",
    check: "VAULT_KEYS or VAULT_KEYS_FILE; the text names the key version.",
    exit: 78,
  },
  vault_record: {
    status: 500,
    rpc: -31002,
    owner: "operator",
    say: "A sealed record cannot be opened.",
    check: "The row that the log names: altered, moved, or sealed with a key that is gone.",
  },
} as const satisfies Record<string, Row>;

export type ErrorCode = keyof typeof errorTable;

/** One finding inside a refused input; `path` is dotted, `line` and `column` are 1-based when the input is text. */
export interface Issue {
  path: string;
  message: string;
  fix?: string;
  line?: number;
  column?: number;
  severity?: "error" | "warning";
  code?: string;
}

const brand = Symbol.for("policylayer.AppError");

interface Details {
  /** For logs only, never shown to callers. */
  detail?: string;
  cause?: unknown;
  issues?: readonly Issue[];
  retryAfterMs?: number;
}

/** The one exception class of the product: a code of the table plus what the log needs. Recognise it with `isAppError`. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly issues: readonly Issue[] | undefined;
  readonly retryAfterMs: number | undefined;
  readonly [brand] = true;

  constructor(code: ErrorCode, details: Details = {}) {
    super(details.detail ? `${code}: ${details.detail}` : code, { cause: details.cause });
    this.name = "AppError";
    this.code = code;
    this.detail = details.detail;
    this.issues = details.issues;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** True for our own errors, also for those made by the process's other bundle (where `instanceof` would be false). */
export function isAppError(value: unknown): value is AppError {
  return typeof value === "object" && value !== null && brand in value;
}

/** Any thrown thing as an AppError: own errors as they are, zod errors `invalid_input`, aborts `caller_gone`, the rest `internal`. */
export function toAppError(value: unknown): AppError {
  if (isAppError(value)) return value;
  const name = typeof value === "object" && value !== null && "name" in value ? value.name : "";
  if (name === "ZodError") return new AppError("invalid_input", { cause: value, issues: issuesOf(value) });
  if (name === "AbortError") return new AppError("caller_gone", { cause: value });
  return new AppError("internal", { cause: value, detail: value instanceof Error ? value.message : String(value) });
}

function issuesOf(error: unknown): Issue[] {
  const issues = (error as { issues?: { path: PropertyKey[]; message: string }[] }).issues ?? [];
  return issues.map((issue) => ({ path: issue.path.map(String).join("."), message: issue.message }));
}
