import { fitsBehind } from "./member-name";
import type { BundleDto } from "./schema";

/** What a bundle's row must carry to be shown. */
export interface BundleRow {
  id: string;
  name: string;
  enabled: boolean;
  version: number;
  createdAt: Date;
  members: MemberRow[];
  _count: { grants: number };
}

export interface MemberRow {
  serverId: string;
  prefix: string;
  server: { id: string; name: string; enabled: boolean; tools: { name: string }[] };
  policy: { id: string; name: string } | null;
}

/** The bundle as pages see it. */
export function toBundleDto(row: BundleRow, publicUrl: string): BundleDto {
  return {
    id: row.id,
    name: row.name,
    enabled: row.enabled,
    members: row.members.map(({ server, prefix, policy }) => ({
      server: { id: server.id, name: server.name, enabled: server.enabled },
      prefix,
      policy: policy && { id: policy.id, name: policy.name },
      toolCount: server.tools.length,
      tooLong: server.tools.map((tool) => tool.name).filter((name) => !fitsBehind(prefix, name)),
    })),
    grantCount: row._count.grants,
    createdAt: row.createdAt.toISOString(),
    mcpUrl: `${publicUrl}/mcp/s/${row.id}`,
  };
}
