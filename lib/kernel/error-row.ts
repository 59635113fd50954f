/** Who has to act on a failure: the caller, the operator of this gateway, the upstream's people, or us. */
export type Owner = "caller" | "operator" | "upstream" | "us";

/** How the agent sees a refusal of a tool call: D policy denied, U upstream error; absent = protocol error. */
export type Prefix = "D" | "U";

/** One row of the error table. */
export interface Row {
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
