import "server-only";
import { onChange, onReconnect, pool } from "@/lib/db/db.server";
import { blockEgressPort, checkAddress } from "@/lib/http/egress.server";
import { AppError } from "@/lib/kernel/errors";
import { FreshCache } from "@/lib/kernel/fresh-cache";
import { isUuid, type OrgId, type ServerId } from "@/lib/kernel/ids";
import { singleton } from "@/lib/kernel/singleton";
import type { ToolCategory, ToolRisk } from "@/lib/kernel/tool-class";
import type { Value } from "@/lib/kernel/value";
import { open } from "@/lib/vault/vault.server";
import { classifyTool } from "./classify";
import { withOverrides, type ToolOverrides } from "./tool-class";
import { readToolShape } from "./tool-shape";
import { toolState, type DriftMode } from "./tool-state";

export interface SealedHeader {
  readonly id: string;
  readonly name: string;
  readonly sealed: string;
}

/** A tool that may be called. What policies may ask about it comes from the definition that people accepted. */
export interface UpstreamTool {
  /** `changed`: the definition last seen is not the accepted one; what that means is the server's drift mode. */
  readonly state: "accepted" | "changed";
  /** The accepted definition, JSON text as the upstream once wrote it. */
  readonly accepted: string;
  /** Digest of the accepted definition (lib/servers/definition.ts). */
  readonly acceptedDigest: string;
  /** The definition last seen breaks a bound: quarantined in every drift mode. */
  readonly isBlocked: boolean;
  readonly category: ToolCategory;
  readonly risk: ToolRisk;
  /** The hints that the server publishes. */
  readonly annotations: ReadonlyMap<string, Value>;
}

/** How an upstream is spoken to: streamable HTTP, the HTTP+SSE of 2024-11-05, or a process of this machine. */
export type UpstreamTransport = "http" | "sse" | "stdio";

/** Milliseconds that an admin set for one server; null = the gateway's default. */
export interface UpstreamTimeouts {
  readonly connectMs: number | null;
  readonly firstByteMs: number | null;
  readonly idleMs: number | null;
  readonly totalMs: number | null;
}

/** A server as the gateway knows it. Header values stay sealed here. */
export interface Upstream {
  readonly id: ServerId;
  readonly orgId: OrgId;
  readonly name: string;
  readonly url: string;
  readonly enabled: boolean;
  readonly version: number;
  readonly allowPrivateNetwork: boolean;
  readonly transport: UpstreamTransport;
  /** stdio only. */
  readonly command: string | null;
  readonly args: readonly string[];
  /** `static`: the sealed headers, if there are any (for stdio: the process's environment). */
  readonly authMode: "static" | "oauth";
  readonly timeouts: UpstreamTimeouts;
  /** Names of client headers that an admin lets through, lower case. */
  readonly forwardHeaders: readonly string[];
  /** PEM of the authorities that the certificate may come from; null = the public ones. */
  readonly caPem: string | null;
  /** What a tool whose definition changed since it was accepted gets. */
  readonly drift: DriftMode;
  readonly elicitationGuard: boolean;
  /** Hosts that URL elicitation may lead to; empty = any https host. */
  readonly elicitationHosts: readonly string[];
  /** Tools that may be called, by name: in the last complete list, and accepted or changed since. With drift `off`, all of that list. */
  readonly tools: ReadonlyMap<string, UpstreamTool>;
  readonly hasHeaders: boolean;
  readonly sealedHeaders: readonly SealedHeader[];
}

const cachedMax = 2000;

const loadSql = `SELECT s.id, s.org_id AS "orgId", s.name, s.url, s.enabled, s.version,
  s.allow_private_network AS "allowPrivateNetwork", s.transport, s.command, s.args, s.auth_mode AS "authMode",
  json_build_object('connectMs', s.connect_timeout_ms, 'firstByteMs', s.first_byte_timeout_ms,
    'idleMs', s.idle_timeout_ms, 'totalMs', s.total_timeout_ms) AS timeouts,
  s.forward_headers AS "forwardHeaders", s.ca_pem AS "caPem", s.drift,
  s.elicitation_guard AS "elicitationGuard", s.elicitation_hosts AS "elicitationHosts",
  (SELECT coalesce(json_agg(json_build_object('name', t.name,
     'accepted', CASE WHEN s.drift = 'off' AND t.blocked_by IS NULL THEN t.definition ELSE t.accepted_definition END,
     'acceptedDigest', CASE WHEN s.drift = 'off' AND t.blocked_by IS NULL THEN t.digest ELSE t.accepted_digest END,
     'digest', t.digest, 'blockedBy', t.blocked_by,
     'categoryOverride', t.category_override, 'riskOverride', t.risk_override)), '[]')
   FROM server_tool t WHERE t.server_id = s.id AND t.gone_at IS NULL
     AND (t.accepted_definition IS NOT NULL OR (s.drift = 'off' AND t.blocked_by IS NULL))) AS tools,
  (SELECT coalesce(json_agg(json_build_object('id', h.id, 'name', h.name, 'sealed', h.sealed)), '[]')
   FROM server_header h WHERE h.server_id = s.id) AS "sealedHeaders"
  FROM server s WHERE s.id = $1`;
const versionSql = `SELECT version FROM server WHERE id = $1`;

interface ToolRow extends ToolOverrides {
  name: string;
  accepted: string;
  acceptedDigest: string;
  digest: string;
  blockedBy: string | null;
}

type Row = Omit<Upstream, "tools" | "hasHeaders"> & { tools: ToolRow[] };

function upstreams(): FreshCache<Upstream> {
  return singleton("upstreams", () => {
    closeDatabasePort();
    const cache = new FreshCache<Upstream>({
      max: cachedMax,
      maxAgeMs: 1000,
      clock: () => performance.now(),
      load: loadUpstream,
      isCurrent: async (id, upstream) =>
        (await query<{ version: number }>("server-version", versionSql, id))?.version === upstream.version,
    });
    onChange((change) => {
      if (change.topic === "servers") cache.drop(change.id);
    });
    onReconnect(() => {
      cache.clear();
    });
    return cache;
  });
}

/**
 * The server of an id, or null for an unknown one (and, without database work, for text that is no UUID). Never older than
 * one second without a check. Throws `ledger_unavailable` when the database cannot be asked.
 */
export async function findUpstream(serverId: string): Promise<Upstream | null> {
  return isUuid(serverId) ? upstreams().find(serverId) : null;
}

/** Says to the egress which port of this machine is the database's; must have run before an address is judged. */
function closeDatabasePort(): void {
  const url = URL.parse(pool().options.connectionString ?? "");
  if (url) blockEgressPort(Number(url.port) || 5432);
}

/** `checkAddress` of the egress, which by then knows our own ports. */
export async function checkUpstream(url: string, allowPrivateNetwork: boolean): Promise<void> {
  upstreams();
  await checkAddress(url, { allowPrivateNetwork });
}

/** Forgets what is cached of a server, so that the next use asks the database. */
export function dropUpstream(serverId: string): void {
  upstreams().drop(serverId);
}

/** The static headers to put on one request, opened now. Throws `vault_record` when a value cannot be opened. */
export function upstreamHeaders(upstream: Upstream): Record<string, string> {
  const entries = upstream.sealedHeaders.map(({ id, name, sealed }) => [name, openHeader(id, sealed)] as const);
  return Object.fromEntries(entries);
}

/** The row that a sealed header value belongs to. */
export function headerSeal(id: string) {
  return { table: "server_header", id, purpose: "static-header" } as const;
}

function openHeader(id: string, sealed: string): string {
  return open(headerSeal(id), sealed);
}

/** The server as the database has it now; otherwise as `findUpstream`. */
export async function loadUpstream(id: string): Promise<Upstream | null> {
  const row = await query<Row>("server-upstream", loadSql, id);
  return row && { ...row, tools: new Map(row.tools.map(toTool)), hasHeaders: row.sealedHeaders.length > 0 };
}

function toTool(row: ToolRow): [string, UpstreamTool] {
  const { name, accepted, acceptedDigest, blockedBy } = row;
  const shape = readToolShape(name, accepted);
  const { category, risk } = withOverrides(classifyTool(shape), row);
  const state = toolState({ ...row, isGone: false }) === "accepted" ? "accepted" : "changed";
  const pin = { state, accepted, acceptedDigest, isBlocked: blockedBy !== null } as const;
  return [name, { ...pin, category, risk, annotations: shape.annotations }];
}

async function query<T extends object>(name: string, text: string, id: string): Promise<T | null> {
  const found = await pool()
    .query<T>({ name, text, values: [id] })
    .catch((cause: unknown) => {
      throw new AppError("ledger_unavailable", { detail: "server look-up", cause });
    });
  return found.rows[0] ?? null;
}
