import type { GrantDto, GrantState } from "./schema";

/** What a grant's row must carry to be shown; never its token. */
export interface GrantRow {
  id: string;
  label: string;
  tags: string[];
  /** Exactly one of server and bundle is there. */
  server: { id: string; name: string } | null;
  bundle: { id: string; name: string } | null;
  policy: { id: string; name: string } | null;
  tokenHint: string;
  createdAt: Date;
  expiresAt: Date | null;
  revokedAt: Date | null;
  lastUsedAt: Date | null;
}

/** The grant as pages see it, with its state at `now`. */
export function toGrantDto(row: GrantRow, now: Date, publicUrl: string): GrantDto {
  return {
    id: row.id,
    label: row.label,
    tags: row.tags,
    server: row.server && { id: row.server.id, name: row.server.name },
    bundle: row.bundle && { id: row.bundle.id, name: row.bundle.name },
    policy: row.policy && { id: row.policy.id, name: row.policy.name },
    state: stateAt(row, now),
    tokenHint: row.tokenHint,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt?.toISOString() ?? null,
    revokedAt: row.revokedAt?.toISOString() ?? null,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    mcpUrl: `${publicUrl}/mcp/${row.bundle ? `s/${row.bundle.id}` : (row.server?.id ?? "")}`,
  };
}

function stateAt(row: GrantRow, now: Date): GrantState {
  if (row.revokedAt) return "revoked";
  return row.expiresAt && row.expiresAt <= now ? "expired" : "active";
}
