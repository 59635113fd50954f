import type { BatchReads, BatchWrites, CounterWrite } from "./batch";

/** An array literal of PostgreSQL (manual, section 8.15.2): every element quoted, null bare. Made here once per batch column. */
export function toArray(values: readonly (string | null)[]): string {
  return `{${values.map((value) => (value === null ? "NULL" : quoted(value))).join(",")}}`;
}

function quoted(value: string): string {
  const escaped = value.includes("\\") || value.includes('"') ? value.replace(/["\\]/g, "\\$&") : value;
  return `"${escaped}"`;
}

function column<R>(rows: readonly R[], read: (row: R) => string | number | bigint | null): string {
  return toArray(
    rows.map((row) => {
      const value = read(row);
      return value === null ? null : String(value);
    }),
  );
}

const instant = (ms: number) => new Date(ms).toISOString();

export function lockParameters(reads: BatchReads): string[] {
  return [toArray(reads.orgIds)];
}

export function guardParameters({ guards }: BatchReads): string[] {
  return [
    column(guards, (one) => one.orgId),
    column(guards, (one) => one.grantId),
    column(guards, (one) => one.serverId),
    column(guards, (one) => one.policyId),
  ];
}

export function counterParameters({ counters }: BatchReads): string[] {
  return [column(counters, (one) => one.orgId), column(counters, (one) => one.key)];
}

export function sentParameters({ settlements }: BatchReads): string[] {
  return [column(settlements, (one) => one.decisionId), column(settlements, (one) => String(one.giveBack))];
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
    column(heads, (one) => one.orgId),
    column(heads, (one) => one.oldSeq),
    column(heads, (one) => one.seq),
    column(heads, (one) => one.hash),
  ];
}

function logParameters({ log }: BatchWrites): string[] {
  return [
    column(log, (one) => one.orgId),
    column(log, (one) => one.seq),
    column(log, (one) => one.kind),
    column(log, (one) => one.decisionId),
    column(log, (one) => one.record),
    column(log, (one) => one.prevHash),
    column(log, (one) => one.hash),
    column(log, (one) => one.grantId),
    column(log, (one) => one.serverId),
    column(log, (one) => one.policyId),
    column(log, (one) => one.policyVersion),
    column(log, (one) => one.method),
    column(log, (one) => one.tool),
    column(log, (one) => one.decision),
    column(log, (one) => one.rule),
    column(log, (one) => one.reason),
    column(log, (one) => one.outcome),
  ];
}

function movedParameters(counters: readonly CounterWrite[]): string[] {
  return [
    column(counters, (one) => one.orgId),
    column(counters, (one) => one.key),
    column(counters, (one) => instant(one.startMs)),
    column(counters, (one) => one.old),
    column(counters, (one) => one.used),
    column(counters, (one) => one.max),
  ];
}

function startedParameters(counters: readonly CounterWrite[]): string[] {
  return [
    column(counters, (one) => one.orgId),
    column(counters, (one) => one.key),
    column(counters, (one) => instant(one.startMs)),
    column(counters, (one) => instant(one.endMs)),
    column(counters, (one) => one.grantId),
    column(counters, (one) => one.policyId),
    column(counters, (one) => one.name),
    column(counters, (one) => one.used),
    column(counters, (one) => one.max),
  ];
}

function reservationParameters({ reservations, lines, settled }: BatchWrites): string[] {
  return [
    column(reservations, (one) => one.decisionId),
    column(reservations, (one) => one.orgId),
    column(reservations, (one) => one.onUnknown),
    column(lines, (one) => one.decisionId),
    column(lines, (one) => one.orgId),
    column(lines, (one) => one.key),
    column(lines, (one) => instant(one.startMs)),
    column(lines, (one) => one.amount),
    column(settled, (one) => one.decisionId),
    column(settled, (one) => one.state),
  ];
}
