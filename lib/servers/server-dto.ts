import type { ServerDto } from "./schema";

/** What a server's row must carry to be shown; header names only. */
export interface ServerRow {
  id: string;
  name: string;
  url: string;
  enabled: boolean;
  allowPrivateNetwork: boolean;
  version: number;
  createdAt: Date;
  lastScanAt: Date | null;
  lastScanError: string | null;
  headers: { name: string }[];
  _count: { tools: number; grants: number };
}

/** The server as pages see it. */
export function toServerDto(row: ServerRow, publicUrl: string): ServerDto {
  return {
    id: row.id,
    name: row.name,
    url: row.url,
    enabled: row.enabled,
    allowPrivateNetwork: row.allowPrivateNetwork,
    headerNames: row.headers.map((header) => header.name),
    toolCount: row._count.tools,
    grantCount: row._count.grants,
    lastScanAt: row.lastScanAt?.toISOString() ?? null,
    lastScanError: row.lastScanError,
    createdAt: row.createdAt.toISOString(),
    mcpUrl: `${publicUrl}/mcp/${row.id}`,
  };
}
