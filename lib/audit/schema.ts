import { z } from "zod";

export const decisionWords = ["allow", "deny", "rate_limited", "hold"] as const;
export const outcomeWords = ["posted", "void", "in_doubt"] as const;
export const shadowWords = ["deny", "hold", "rate_limited"] as const;

/** Filter of the decision log; `before` is a sequence number for keyset paging. */
export const LogFilter = z.object({
  decision: z.enum(decisionWords).optional(),
  outcome: z.enum(outcomeWords).optional(),
  tool: z.string().max(200).optional(),
  grantId: z.uuid().optional(),
  serverId: z.uuid().optional(),
  policyId: z.uuid().optional(),
  method: z.string().max(100).optional(),
  text: z.string().max(200).optional(),
  before: z.coerce.bigint().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type LogFilter = z.infer<typeof LogFilter>;

/** One governed request with, if it was sent, how it ended. `seq` is a decimal text. */
export interface DecisionRow {
  seq: string;
  decisionId: string;
  at: string;
  decision: (typeof decisionWords)[number];
  outcome: (typeof outcomeWords)[number] | null;
  outcomeReason: string | null;
  method: string;
  tool: string | null;
  rule: string;
  reason: string;
  grant: { id: string; label: string } | null;
  server: { id: string; name: string } | null;
  policy: { id: string; name: string; version: number | null } | null;
  client: { name: string | null; version: string | null; address: string | null };
  argKeys: string[];
  /** What rules and limits in shadow would have done; empty when none spoke. */
  shadow: { rule: string; would: (typeof shadowWords)[number] }[];
  /** Counters that the call moved; `near`: it was the first of the window to reach 80 % of the cap. `windowStart` is ISO 8601. */
  counted: { name: string; window: string; windowStart: string; near: boolean }[];
  upstreamStatus: number | null;
  totalMs: number | null;
}

export interface DecisionDetail extends DecisionRow {
  argDigest: string | null;
  protocolVersion: string | null;
  policyHash: string | null;
  /** The chained records as stored (canonical JSON), decision first, then its outcome. */
  records: { seq: string; hash: string; prevHash: string; record: string }[];
}

export interface LogPage {
  rows: DecisionRow[];
  /** Pass as `before` for the next page; null at the end. */
  next: string | null;
}
