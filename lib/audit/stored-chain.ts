import type { ChainRecord } from "./chain";
import { parseAuditText } from "./audit-record";
import { decisionChain, parseRecord, toShadowText } from "./decision-record";
import type { SearchColumns } from "./decision-record";

/** A chained row as it is stored. */
export interface StoredDecision extends ChainRecord, SearchColumns {
  orgId: string;
  kind: string;
  decisionId: string;
  /** With microseconds, so that a change below a millisecond shows. */
  at: string;
}

/** True when every column says what the hashed text says: an edit of a column alone would mislead a search, not the hash. */
export function agreesWithText(row: StoredDecision): boolean {
  const text = parseRecord(row.record);
  if (text === null || text.kind !== row.kind || text.chain !== decisionChain) return false;
  const place = text.org === row.orgId && BigInt(text.seq) === row.seq && text.at.replace("Z", "000Z") === row.at;
  if (!place || text.decisionId !== row.decisionId || text.reason !== row.reason) return false;
  if (text.kind === "outcome") return text.state === row.outcome && row.shadow === null;
  return (
    text.grantId === row.grantId &&
    text.serverId === row.serverId &&
    text.policyId === row.policyId &&
    text.policyVersion === row.policyVersion &&
    text.method === row.method &&
    text.tool === row.tool &&
    text.decision === row.decision &&
    text.rule === row.rule &&
    (text.shadow === null ? row.shadow === null : JSON.stringify(row.shadow) === toShadowText(text.shadow))
  );
}

export interface StoredAct extends ChainRecord {
  orgId: string;
  actorId: string | null;
  action: string;
  object: string;
}

/** The same for a row of the audit log. */
export function actAgreesWithText(row: StoredAct): boolean {
  const text = parseAuditText(row.record);
  if (text === null || text.org !== row.orgId || BigInt(text.seq) !== row.seq) return false;
  return text.action === row.action && text.object === row.object && (text.actor.userId ?? null) === row.actorId;
}
