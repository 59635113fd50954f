import "server-only";
import { createHash } from "node:crypto";
import { onChange, onReconnect, pool } from "@/lib/db/db.server";
import { AppError } from "@/lib/kernel/errors";
import { FreshCache } from "@/lib/kernel/fresh-cache";
import { isUuid } from "@/lib/kernel/ids";
import { singleton } from "@/lib/kernel/singleton";
import { compilePolicy, type CompiledPolicy } from "@/lib/policy/compile";
import { parsePolicy } from "@/lib/policy/parse";

/** The live version of a policy, ready to be evaluated. */
export interface LivePolicy {
  readonly version: number;
  /** Content hash of the compiled policy. */
  readonly hash: string;
  readonly compiled: CompiledPolicy;
}

const cachedMax = 2000;

const loadSql = `SELECT p.live_version AS version, v.text FROM policy p
  JOIN policy_version v ON v.policy_id = p.id AND v.version = p.live_version WHERE p.id = $1`;
const versionSql = `SELECT live_version AS version FROM policy WHERE id = $1`;

function livePolicies(): FreshCache<LivePolicy> {
  return singleton("live-policies", () => {
    const cache = new FreshCache<LivePolicy>({
      max: cachedMax,
      maxAgeMs: 1000,
      clock: () => performance.now(),
      load: loadLive,
      isCurrent: async (id, live) => (await query("policy-version", versionSql, id))?.version === live.version,
    });
    onChange((change) => {
      if (change.topic === "policies") cache.drop(change.id);
    });
    onReconnect(() => {
      cache.clear();
    });
    return cache;
  });
}

/**
 * The live, compiled version of a policy; null when the policy is unknown or nothing was published. Compiled once per version,
 * never older than one second without a check. Throws `ledger_unavailable` when the database cannot be asked, `internal` when
 * a stored text no longer compiles: both deny.
 */
export async function findCompiled(policyId: string): Promise<LivePolicy | null> {
  return isUuid(policyId) ? livePolicies().find(policyId) : null;
}

/** Forgets what is cached of a policy, so that the next use asks the database. */
export function dropCompiled(policyId: string): void {
  livePolicies().drop(policyId);
}

/** SHA-256, hex. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

async function loadLive(id: string): Promise<LivePolicy | null> {
  const row = await query("policy-live", loadSql, id);
  if (!row || row.version === null || row.text === undefined) return null;
  const parsed = parsePolicy(row.text);
  if (!parsed.ok) throw new AppError("internal", { detail: `policy ${id} v${String(row.version)} does not parse` });
  const compiled = compilePolicy(parsed.document, { digest: sha256 });
  return { version: row.version, hash: compiled.hash, compiled };
}

interface Row {
  version: number | null;
  text?: string;
}

async function query(name: string, text: string, id: string): Promise<Row | null> {
  const found = await pool()
    .query<Row>({ name, text, values: [id] })
    .catch((cause: unknown) => {
      throw new AppError("ledger_unavailable", { detail: "policy look-up", cause });
    });
  return found.rows[0] ?? null;
}
