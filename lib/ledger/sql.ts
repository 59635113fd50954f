import { byValuesMax } from "@/lib/quota/key";

/** A prepared statement: each connection plans it once, under its name. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/**
 * Settings of the ledger's connection. Every statement goes by primary keys, so one generic plan each is right from the first call
 * on; without these an early plan, made while tables were empty, would scan them. `synchronous_commit` is only ever strengthened.
 */
export const SESSION = `
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
SET plan_cache_mode = force_generic_plan; SET jit = off;
SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_bitmapscan = off;
SET TIME ZONE 'UTC'`;

export const BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

const MILLISECONDS = "floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
const toMs = (column: string) => `(extract(epoch FROM ${column}) * 1000)::bigint`;

/**
 * The first statement of every transaction: an organisation's head row is also the lock of its counters and reservations. The clock
 * is read after the lock was got, and so is every later statement's snapshot.
 */
export const LOCK_HEADS: Statement = {
  name: "ledger_lock_heads",
  text: `
SELECT h.org_id, h.seq, h.hash, ${MILLISECONDS} AS now_ms
FROM (
  SELECT org_id, seq, hash FROM chain_head
  WHERE chain = 'decisions' AND org_id = ANY ($1::uuid[])
  ORDER BY org_id FOR UPDATE
) h`,
};

export const START_HEADS: Statement = {
  name: "ledger_start_heads",
  text: `
INSERT INTO chain_head (org_id, chain, seq, hash)
SELECT org_id, 'decisions', 0, $2 FROM unnest($1::uuid[]) AS n (org_id)
ON CONFLICT DO NOTHING`,
};

/**
 * A grant reaches a server as its own, with its own policy, or through its bundle, with the policy that the server has there.
 * `IS TRUE` keeps the comparison from being looked up by an index: a plan made on small tables would walk all of an organisation
 * instead of a primary key. `OFFSET 0` keeps the member with its bundle, where its whole primary key is known.
 */
export const READ_GUARDS: Statement = {
  name: "ledger_read_guards",
  text: `
SELECT k.n, g.version AS grant_version, g.revoked_at IS NOT NULL AS revoked,
  ${toMs("g.not_before")} AS not_before_ms, ${toMs("g.expires_at")} AS expires_at_ms,
  s.version AS server_version, s.enabled AS server_enabled, p.live_version, b.version AS bundle_version
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[]) WITH ORDINALITY AS k (org_id, grant_id, server_id, policy_id, n)
JOIN "grant" g ON g.id = k.grant_id AND (g.org_id = k.org_id) IS TRUE
JOIN server s ON s.id = k.server_id AND (s.org_id = k.org_id) IS TRUE
LEFT JOIN policy p ON p.id = k.policy_id AND (p.org_id = k.org_id) IS TRUE
LEFT JOIN LATERAL (
  SELECT o.version, m.policy_id FROM bundle_member m JOIN bundle o ON o.id = m.bundle_id
  WHERE m.bundle_id = g.bundle_id AND m.server_id = k.server_id AND o.enabled AND (o.org_id = k.org_id) IS TRUE
  OFFSET 0
) b ON g.bundle_id IS NOT NULL
WHERE CASE WHEN g.bundle_id IS NULL
  THEN g.server_id = k.server_id AND g.policy_id IS NOT DISTINCT FROM k.policy_id
  ELSE b.version IS NOT NULL AND b.policy_id IS NOT DISTINCT FROM k.policy_id END`,
};

/** The newest window of each counter, and the one before it in case the database's clock was set back over a border. */
export const READ_COUNTERS: Statement = {
  name: "ledger_read_counters",
  text: `
SELECT k.n, ${toMs("c.window_start")} AS start_ms, ${toMs("c.window_end")} AS end_ms, c.used, c.max, c.near_at IS NOT NULL AS near
FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS k (org_id, key, n)
CROSS JOIN LATERAL (
  SELECT window_start, window_end, used, max, near_at FROM counter
  WHERE org_id = k.org_id AND key = k.key ORDER BY window_start DESC LIMIT 2
) c`,
};

/**
 * How many values split a counter, in each window from the one in which the transaction began: the present is read after that, behind
 * the lock. No window holds more than the cap, so the limit never cuts into the present one.
 */
export const READ_FAMILIES: Statement = {
  name: "ledger_read_families",
  text: `
SELECT k.n, ${toMs("c.window_start")} AS start_ms, c.count
FROM unnest($1::uuid[], $2::text[], $3::text[]) WITH ORDINALITY AS k (org_id, family, span, n)
CROSS JOIN LATERAL (
  SELECT window_start, count(*)::int AS count FROM (
    SELECT window_start FROM counter
    WHERE org_id = k.org_id AND family = k.family AND window_start >= date_trunc(k.span, now(), 'UTC')
    ORDER BY window_start LIMIT ${String(2 * byValuesMax)}
  ) rows GROUP BY window_start
) c`,
};

/**
 * Reservations that still wait for their outcome; their lines and counters only where quota is to be given back. The state is compared as
 * text here and in the write: as an enum it would match the sweeper's partial index, which a plan made on an empty table scans
 * whole, with every entry that has died since the last vacuum.
 */
export const READ_SENT: Statement = {
  name: "ledger_read_sent",
  text: `
SELECT r.id, r.org_id, l.key, ${toMs("l.window_start")} AS start_ms, l.amount,
  ${toMs("c.window_end")} AS end_ms, c.used, c.max, c.near_at IS NOT NULL AS near
FROM unnest($1::uuid[], $2::boolean[]) AS k (id, give_back)
JOIN reservation r ON r.id = k.id AND r.state::text = 'sent'
LEFT JOIN reservation_line l ON k.give_back AND l.reservation_id = r.id
LEFT JOIN counter c ON c.org_id = l.org_id AND c.key = l.key AND c.window_start = l.window_start`,
};

/**
 * Everything a batch changes, in one statement. The last line divides by zero, and so undoes the whole, unless every head, counter and
 * reservation was still what had been read: a second guard behind the lock.
 */
export const WRITE: Statement = {
  name: "ledger_write",
  text: `
WITH head AS (
  UPDATE chain_head h SET seq = n.seq, hash = n.hash
  FROM unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::text[]) AS n (org_id, old_seq, seq, hash)
  WHERE h.org_id = n.org_id AND h.chain = 'decisions' AND h.seq = n.old_seq
  RETURNING 1
), logged AS (
  INSERT INTO decision_log (at, org_id, seq, kind, decision_id, record, prev_hash, hash,
    grant_id, server_id, policy_id, policy_version, method, tool, decision, rule, reason, outcome, shadow)
  SELECT $1::timestamptz, n.*
  FROM unnest($6::uuid[], $7::bigint[], $8::text[], $9::uuid[], string_to_array($10, E'\\n'), $11::text[], $12::text[], $13::uuid[], $14::uuid[],
    $15::uuid[], $16::int[], $17::text[], $18::text[], $19::text[], $20::text[], $21::text[], $22::text[], $23::jsonb[]) AS n
), moved AS (
  UPDATE counter c SET used = n.used, max = n.max, updated_at = $1::timestamptz,
    near_at = CASE WHEN n.near THEN coalesce(c.near_at, $1::timestamptz) ELSE c.near_at END
  FROM unnest($24::uuid[], $25::text[], $26::timestamptz[], $27::numeric[], $28::numeric[], $29::numeric[], $30::boolean[])
    AS n (org_id, key, window_start, old, used, max, near)
  WHERE c.org_id = n.org_id AND c.key = n.key AND c.window_start = n.window_start AND c.used = n.old
  RETURNING 1
), started AS (
  INSERT INTO counter (updated_at, org_id, key, window_start, window_end, grant_id, policy_id, name, used, max, family, near_at)
  SELECT $1::timestamptz, org_id, key, window_start, window_end, grant_id, policy_id, name, used, max, family,
    CASE WHEN near THEN $1::timestamptz END
  FROM unnest($31::uuid[], $32::text[], $33::timestamptz[], $34::timestamptz[], $35::uuid[], $36::uuid[], $37::text[],
    $38::numeric[], $39::numeric[], $40::text[], $41::boolean[])
    AS n (org_id, key, window_start, window_end, grant_id, policy_id, name, used, max, family, near)
), reserved AS (
  INSERT INTO reservation (created_at, state, lease_id, id, org_id, on_unknown)
  SELECT $1::timestamptz, 'sent', $42::uuid, n.* FROM unnest($43::uuid[], $44::uuid[], $45::text[]) AS n
), lined AS (
  INSERT INTO reservation_line (reservation_id, org_id, key, window_start, amount)
  SELECT n.* FROM unnest($46::uuid[], $47::uuid[], $48::text[], $49::timestamptz[], $50::numeric[]) AS n
), settled AS (
  UPDATE reservation r SET state = n.state::reservation_state, settled_at = $1::timestamptz
  FROM unnest($51::uuid[], $52::text[]) AS n (id, state)
  WHERE r.id = n.id AND r.state::text = 'sent'
  RETURNING 1
)
SELECT 1 / (
  (SELECT count(*) FROM head) = cardinality($2::uuid[])
  AND (SELECT count(*) FROM moved) = cardinality($24::uuid[])
  AND (SELECT count(*) FROM settled) = cardinality($51::uuid[])
)::int`,
};
