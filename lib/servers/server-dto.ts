import type { ServerDto } from "./schema";
import type { AuthorityDto, DriftMode } from "./settings";

/** What a server's row must carry to be shown; header names only. */
export interface ServerRow {
  id: string;
  name: string;
  transport: string;
  url: string;
  command: string | null;
  args: string[];
  enabled: boolean;
  allowPrivateNetwork: boolean;
  version: number;
  createdAt: Date;
  lastScanAt: Date | null;
  lastScanError: string | null;
  headers: { name: string }[];
  connectTimeoutMs: number | null;
  firstByteTimeoutMs: number | null;
  idleTimeoutMs: number | null;
  totalTimeoutMs: number | null;
  forwardHeaders: string[];
  caPem: string | null;
  drift: string;
  elicitationGuard: boolean;
  elicitationHosts: string[];
  _count: { tools: number; grants: number };
}

/** The server as pages see it. */
export function toServerDto(row: ServerRow, publicUrl: string, authorities: AuthorityDto[]): ServerDto {
  return {
    id: row.id,
    name: row.name,
    transport: row.transport as ServerDto["transport"],
    url: row.url,
    command: row.command,
    args: row.args,
    enabled: row.enabled,
    allowPrivateNetwork: row.allowPrivateNetwork,
    headerNames: row.headers.map((header) => header.name),
    toolCount: row._count.tools,
    grantCount: row._count.grants,
    lastScanAt: row.lastScanAt?.toISOString() ?? null,
    lastScanError: row.lastScanError,
    createdAt: row.createdAt.toISOString(),
    mcpUrl: `${publicUrl}/mcp/${row.id}`,
    settings: {
      timeouts: timeoutsOf(row),
      forwardHeaders: row.forwardHeaders,
      authorities,
      drift: row.drift as DriftMode,
      elicitationGuard: row.elicitationGuard,
      elicitationHosts: row.elicitationHosts,
    },
  };
}

/** The timeouts of a row under their names, null = the default. */
export function timeoutsOf(row: ServerRow) {
  return {
    connectMs: row.connectTimeoutMs,
    firstByteMs: row.firstByteTimeoutMs,
    idleMs: row.idleTimeoutMs,
    totalMs: row.totalTimeoutMs,
  };
}
