import "server-only";
import { randomUUID } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { databaseNow, prisma } from "@/lib/db/db.server";
import { requirePermission, type Ctx } from "@/lib/kernel/ctx";
import { AppError, isAppError, toAppError } from "@/lib/kernel/errors";
import { isUuid, type OrgId } from "@/lib/kernel/ids";
import { singleton } from "@/lib/kernel/singleton";
import { listDigest, storeScanError, storeTools, type ScanResult } from "./catalogue.server";
import { readSeen, type SeenDefinition } from "./definition";
import { openCredential, renewCredential } from "./credential.server";
import { findFlags, isDangerous, neighboursOf } from "./definition-flags";
import { listForeignTools } from "./foreign-tools.server";
import { dropUpstream, findUpstream, loadUpstream } from "./lookup.server";
import { credentialAsked, listUpstreamTools, sha256 } from "./mcp-list.server";

const refreshEveryMs = 10_000;
const rememberedMax = 2000;

/** Whether a scan leaves an audit row in any case, and whether a server's first list counts as accepted. */
interface ScanOptions {
  audit: boolean;
  acceptFirst: boolean;
}

/** Per server: when a background scan last began, and the digest of the list last learnt from traffic. */
interface Background {
  startedAtMs: Map<string, number>;
  learnt: Map<string, string>;
}

function background(): Background {
  return singleton("server-scans", () => ({
    startedAtMs: new Map<string, number>(),
    learnt: new Map<string, string>(),
  }));
}

/**
 * Reads the upstream's whole tool list and makes the catalogue equal to it. The first list that somebody with `server.manage`
 * scans is accepted, except what is flagged as dangerous; later tools and changes wait for `acceptTools`. A failure replaces nothing, is shown on the
 * server (`lastScanError`), and throws `scan_failed` or `address_blocked`; `not_found` for a server of another organisation.
 */
export async function scanServer(ctx: Ctx, id: string): Promise<ScanResult> {
  requirePermission(ctx, "server.scan");
  const server = isUuid(id) ? await prisma().server.findFirst({ where: { id, orgId: ctx.orgId } }) : null;
  if (!server) throw new AppError("not_found", { detail: "server" });
  return scanNow(ctx, id, { audit: true, acceptFirst: ctx.permissions.has("server.manage") });
}

/** Starts a scan in the background, at most once per 10 s and server. Never throws; a failure is shown on the server. */
export function refreshTools(serverId: string): void {
  const state = background();
  const nowMs = performance.now();
  const lastMs = state.startedAtMs.get(serverId);
  if (lastMs !== undefined && nowMs - lastMs < refreshEveryMs) return;
  remember(state.startedAtMs, serverId, nowMs);
  void inBackground(serverId, (ctx) => scanNow(ctx, serverId, { audit: false, acceptFirst: false }));
}

/** Scans a server on behalf of nobody in particular. Never throws; a failure is shown on the server. */
export async function rescan(serverId: string): Promise<void> {
  remember(background().startedAtMs, serverId, performance.now());
  await inBackground(serverId, (ctx) => scanNow(ctx, serverId, { audit: false, acceptFirst: false }));
}

/**
 * Takes over a complete list that was relayed to a client: the JSON texts of all its tools. What it lacks makes a scan. Background work, skipped when the
 * list equals the one learnt before; a list with an unreadable tool or a name twice teaches nothing.
 */
export function learnTools(serverId: string, definitions: readonly string[]): void {
  const read = definitions.map((text) => readSeen(text, sha256));
  if (read.some((definition) => definition === null)) return;
  const tools = read.filter((definition) => definition !== null);
  if (new Set(tools.map((tool) => tool.name)).size < tools.length) return;
  const digest = listDigest(tools);
  const state = background();
  if (state.learnt.get(serverId) === digest) return;
  remember(state.learnt, serverId, digest);
  void inBackground(serverId, async (ctx) => {
    await storeTools(ctx, serverId, tools, { audit: false, isSample: true });
    // Servers may show a client only what it can use, so only a scan, which claims to be able to do everything, takes tools away.
    const known = await findUpstream(serverId);
    const shown = new Set(tools.map(({ name }) => name));
    if ([...(known?.tools.keys() ?? [])].some((name) => !shown.has(name))) refreshTools(serverId);
  }).then((done) => {
    if (!done) state.learnt.delete(serverId);
  });
}

async function scanNow(ctx: Ctx, id: string, options: ScanOptions): Promise<ScanResult> {
  try {
    const tools = await readUpstream(id);
    background().learnt.delete(id);
    const clean = options.acceptFirst ? await listClean(ctx, id, tools) : null;
    return await storeTools(ctx, id, tools, { audit: options.audit, acceptFirst: clean }).finally(() => {
      dropUpstream(id);
    });
  } catch (error) {
    const failure = toAppError(error);
    if (failure.code === "scan_failed" || failure.code === "address_blocked") await storeScanError(ctx, id, failure);
    throw failure;
  }
}

/** What of a server's first list may be accepted unseen; null when it is not the first one. */
async function listClean(ctx: Ctx, id: string, tools: readonly SeenDefinition[]): Promise<string[] | null> {
  const where = { serverId: id, orgId: ctx.orgId, acceptedDigest: { not: null } };
  if ((await prisma().serverTool.count({ where })) > 0) return null;
  const names = tools.map(({ name }) => name);
  const neighbours = neighboursOf(names, await listForeignTools(prisma(), ctx, id));
  const clean: string[] = [];
  for (const { name, text, blockedBy } of tools) {
    // Between two definitions others get their turn: a hostile list may be long to read.
    await turn();
    if (blockedBy === null && !isDangerous(findFlags(text, neighbours))) clean.push(name);
  }
  return clean;
}

async function readUpstream(id: string): Promise<SeenDefinition[]> {
  const upstream = await loadUpstream(id);
  if (!upstream) throw new AppError("not_found", { detail: "server" });
  const headers = await openCredential(upstream).catch(asUnscanned);
  return listUpstreamTools({ upstream, headers }).catch(async (error: unknown) => {
    // As for a call: a token that the server no longer takes is renewed once, or the connection is marked.
    const isRefused = isAppError(error) && error.issues?.[0]?.message === credentialAsked;
    const renewed = isRefused ? await renewCredential(upstream, headers) : null;
    if (renewed === null) throw error;
    return listUpstreamTools({ upstream, headers: renewed });
  });
}

/** Without a usable credential nothing is asked, and the server's page says so. */
function asUnscanned(error: unknown): never {
  if (!isAppError(error) || error.code !== "upstream_auth_required") throw error;
  const issue = { path: "credential", message: "there is no usable credential: sign in at the server first" };
  throw new AppError("scan_failed", { detail: `${issue.path}: ${issue.message}`, issues: [issue], cause: error });
}

/** Runs work on behalf of nobody in particular; answers whether it succeeded. */
async function inBackground(serverId: string, work: (ctx: Ctx) => Promise<unknown>): Promise<boolean> {
  try {
    const upstream = await findUpstream(serverId);
    if (!upstream) return false;
    await work(await backgroundCtx(upstream.orgId));
    return true;
  } catch {
    return false;
  }
}

async function backgroundCtx(orgId: OrgId): Promise<Ctx> {
  return {
    orgId,
    actor: { kind: "system", name: "tool refresh" },
    permissions: new Set(["server.scan"]),
    requestId: randomUUID(),
    now: await databaseNow(),
  };
}

function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  const oldest = map.keys().next();
  if (map.size > rememberedMax && !oldest.done) map.delete(oldest.value);
}
