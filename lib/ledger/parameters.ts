import { toShadowText } from "@/lib/audit/decision-record";
import type { BatchReads, BatchWrites, CounterWrite } from "./batch";

type Cell = string | number | bigint | boolean | null;

/** An array literal (PostgreSQL manual, section 8.15.2) of texts: every element quoted, null bare. */
export function toArray(values: readonly (string | null)[]): string {
  return `{${values.map(quoted).join(",")}}`;
}

function quoted(value: string | null): string {
  if (value === null) return "NULL";
  return `"${value.includes("\\") || value.includes('"') ? value.replace(/["\\]/g, "\\$&") : value}"`;
}

/** An array of what needs no quotes: ids, numbers, hex, instants, words of ours. */
function plain<R>(rows: readonly R[], read: (row: R) => Cell): string {
  let text = "{";
  for (const row of rows) text += `${text.length === 1 ? "" : ","}${String(read(row) ?? "NULL")}`;
  return `${text}}`;
}

function texts<R>(rows: readonly R[], read: (row: R) => string | null): string {
  return toArray(rows.map(read));
}

/** Records never hold a line break, since JSON escapes it; one text that the server splits spares them a second escaping. */
function lines<R>(rows: readonly R[], read: (row: R) => string): string {
  return rows.map(read).join("\n");
}

const instant = (ms: number) => new Date(ms).toISOString();

export function lockParameters(reads: BatchReads): string[] {
  return [toArray(reads.orgIds)];
}

export function guardParameters({ guards }: BatchReads): string[] {
  return [
    plain(guards, (one) => one.orgId),
    plain(guards, (one) => one.grantId),
    plain(guards, (one) => one.serverId),
    plain(guards, (one) => one.policyId),
  ];
}

export function counterParameters({ counters }: BatchReads): string[] {
  return [plain(counters, (one) => one.orgId), texts(counters, (one) => one.key)];
}

export function familyParameters({ families }: BatchReads): string[] {
  return [
    plain(families, (one) => one.orgId),
    texts(families, (one) => one.family),
    plain(families, (one) => one.window),
  ];
}

export function sentParameters({ settlements }: BatchReads): string[] {
  return [plain(settlements, (one) => one.decisionId), plain(settlements, (one) => one.giveBack)];
}

/** The parameters of `WRITE`, in its order. */
export function writeParameters(writes: BatchWrites, leaseId: string): string[] {
  return [
    instant(writes.nowMs),
    ...headParameters(writes),
    ...logParameters(writes),
    ...movedParameters(writes.counters.filter((one) => one.old !== null)),
    ...startedParameters(writes.counters.filter((one) => one.old === null)),
    leaseId,
    ...reservationParameters(writes),
  ];
}

function headParameters({ heads }: BatchWrites): string[] {
  return [
    plain(heads, (one) => one.orgId),
    plain(heads, (one) => one.oldSeq),
    plain(heads, (one) => one.seq),
    plain(heads, (one) => one.hash),
  ];
}

function logParameters({ log }: BatchWrites): string[] {
  return [
    plain(log, (one) => one.orgId),
    plain(log, (one) => one.seq),
    plain(log, (one) => one.kind),
    plain(log, (one) => one.decisionId),
    lines(log, (one) => one.record),
    plain(log, (one) => one.prevHash),
    plain(log, (one) => one.hash),
    plain(log, (one) => one.grantId),
    plain(log, (one) => one.serverId),
    plain(log, (one) => one.policyId),
    plain(log, (one) => one.policyVersion),
    texts(log, (one) => one.method),
    texts(log, (one) => one.tool),
    plain(log, (one) => one.decision),
    texts(log, (one) => one.rule),
    texts(log, (one) => one.reason),
    plain(log, (one) => one.outcome),
    texts(log, (one) => (one.shadow === null ? null : toShadowText(one.shadow))),
  ];
}

function movedParameters(counters: readonly CounterWrite[]): string[] {
  return [
    plain(counters, (one) => one.orgId),
    texts(counters, (one) => one.key),
    plain(counters, (one) => instant(one.startMs)),
    plain(counters, (one) => one.old),
    plain(counters, (one) => one.used),
    plain(counters, (one) => one.max),
    plain(counters, (one) => one.near),
  ];
}

function startedParameters(counters: readonly CounterWrite[]): string[] {
  return [
    plain(counters, (one) => one.orgId),
    texts(counters, (one) => one.key),
    plain(counters, (one) => instant(one.startMs)),
    plain(counters, (one) => instant(one.endMs)),
    plain(counters, (one) => one.grantId),
    plain(counters, (one) => one.policyId),
    texts(counters, (one) => one.name),
    plain(counters, (one) => one.used),
    plain(counters, (one) => one.max),
    texts(counters, (one) => one.family),
    plain(counters, (one) => one.near),
  ];
}

function reservationParameters({ reservations, lines: counted, settled }: BatchWrites): string[] {
  return [
    plain(reservations, (one) => one.decisionId),
    plain(reservations, (one) => one.orgId),
    plain(reservations, (one) => one.onUnknown),
    plain(counted, (one) => one.decisionId),
    plain(counted, (one) => one.orgId),
    texts(counted, (one) => one.key),
    plain(counted, (one) => instant(one.startMs)),
    plain(counted, (one) => one.amount),
    plain(settled, (one) => one.decisionId),
    plain(settled, (one) => one.state),
  ];
}
