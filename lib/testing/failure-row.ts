import { expect } from "vitest";
import type { GatewayStack, LogRow, StackGrant } from "./gateway-stack";
import type { McpResponse } from "./mcp-post";

/** What one answer to a failed request must be: a cell of the gateway's failure table. */
export interface Want {
  status: number;
  /** Of a JSON-RPC error; left out for tool results and for what is relayed. */
  code?: number;
  /** Of the text of a tool result: `D` denied, `U` upstream failed. */
  prefix?: "D" | "U";
  /** In the decision part; null = no part at all. */
  reason: string | null;
  decision?: "allow" | "deny" | "rate_limited";
  /** The row of the decision log; null = none is written. */
  rule: string | null;
  /** The reason in that row, where it is not the one in the answer. */
  logged?: string;
  /** Bounds of `retryAfterMs`; left out = it must not stand there. */
  retryMs?: readonly [min: number, max: number];
  outcome?: "void" | "in_doubt";
  mayHaveRun?: true;
  /** Header lines that must stand there. */
  headers?: Readonly<Record<string, string | RegExp>>;
}

const prefixes = { D: "[POLICYLAYER POLICY DENIED] ", U: "[POLICYLAYER UPSTREAM ERROR] " };

/** Checks status, codes, prefix, every member of `policylayer/decision`, header lines and the row of the log. */
export async function expectFailure(stack: GatewayStack, grant: StackGrant, answer: McpResponse, want: Want) {
  expect(answer.status).toBe(want.status);
  expectHeaders(answer, want);
  expectShape(answer, want);
  const rows = (await stack.log(grant)).filter((row) => row.kind === "decision");
  if (want.reason !== null) expect(answer.decision).toEqual(partOf(answer, rows.at(-1), want));
  else expect(answer.decision).toBeNull();
  if (want.rule === null) expect(rows).toEqual([]);
  else {
    expect(rows).toHaveLength(1);
    const reason = want.logged ?? want.reason;
    expect(rows[0]).toMatchObject({ rule: want.rule, ...(reason === null ? {} : { reason }) });
    expect(rows[0]?.record).not.toContain(grant.token);
  }
}

function expectHeaders({ headers }: McpResponse, want: Want): void {
  for (const [name, value] of Object.entries(want.headers ?? {}))
    expect([name, headers.get(name)]).toEqual([name, expect.stringMatching(value) as string]);
  expect([headers.get("cache-control"), headers.get("x-content-type-options")]).toEqual(["no-store", "nosniff"]);
  // A busy or unavailable answer says when to come again, wherever that is known.
  const isLater = want.retryMs !== undefined && (want.status === 429 || want.status === 503);
  if (isLater) expect(Number(headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
}

function expectShape({ json }: McpResponse, want: Want): void {
  // A foreign page gets JSON that says nothing of JSON-RPC.
  if (want.status === 403) expect(json).not.toHaveProperty("jsonrpc");
  else expect(json.error?.code).toBe(want.code);
  if (want.prefix === undefined) return;
  const { content, isError, structuredContent } = json.result ?? {};
  expect([isError, content?.length, content?.[0]?.type, structuredContent]).toEqual([true, 1, "text", undefined]);
  expect(content?.[0]?.text.startsWith(prefixes[want.prefix])).toBe(true);
  // No stack, no address, nothing that the upstream said.
  expect(content?.[0]?.text).not.toMatch(/secret|\bat \/|127\.0\.0\.1|node:/);
}

function partOf({ headers, decision }: McpResponse, row: LogRow | undefined, want: Want) {
  const id = headers.get("policylayer-decision");
  if (want.rule !== null) expect(id).toBe(row?.decisionId);
  const { retryMs, outcome, mayHaveRun } = want;
  if (retryMs) {
    expect(decision?.["retryAfterMs"]).toBeGreaterThanOrEqual(retryMs[0]);
    expect(decision?.["retryAfterMs"]).toBeLessThanOrEqual(retryMs[1]);
  }
  return {
    decision: want.decision ?? (want.prefix === "U" || want.code === -31003 ? "allow" : "deny"),
    rule: want.rule ?? "",
    reason: want.reason,
    ...(id === null ? {} : { decisionId: id }),
    ...(retryMs ? { retryAfterMs: expect.any(Number) as number } : {}),
    ...(outcome ? { outcome } : {}),
    ...(mayHaveRun ? { mayHaveRun } : {}),
  };
}
