"use client";

import Link from "next/link";
import type { ReactNode } from "react";
import { CopyButton } from "@/components/ui/copy-button";
import { PlainText } from "@/components/ui/plain-text";
import { StateChip } from "@/components/ui/state-chip";
import { Tag } from "@/components/ui/tag";
import { Time } from "@/components/ui/time";
import { visibleText } from "@/components/ui/visible-text";
import type { DecisionDetail, DecisionRow } from "@/lib/audit/schema";
import { CountedList, ShadowNotes } from "./decision-marks";
import { reasonText } from "./reasons";
import { decisionState, outcomeState } from "./row-state";

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="grid grid-cols-[7rem_1fr] gap-3">
      <dt className="text-sm text-ink-soft">{label}</dt>
      <dd className="min-w-0 text-sm [overflow-wrap:anywhere]">{children}</dd>
    </div>
  );
}

function Hash({ label, value }: { label: string; value: string }) {
  return (
    <span className="inline-flex max-w-full items-center gap-1">
      <code className="truncate font-mono" title={value}>
        {value}
      </code>
      <CopyButton text={value} label={`Copy ${label}`} />
    </span>
  );
}

/** A call that was sent: how it ended. */
function Ending({ row }: { row: DecisionRow }) {
  const state = outcomeState(row);
  if (state === null) return <Fact label="Outcome">Nothing was forwarded.</Fact>;
  return (
    <>
      <Fact label="Outcome">
        <span className="flex flex-wrap items-center gap-2">
          <StateChip state={state} />
          {row.outcomeReason ? <span>{reasonText(row.outcomeReason)}</span> : null}
        </span>
      </Fact>
      {row.upstreamStatus === null ? null : (
        <Fact label="Upstream status">
          <span className="num">{row.upstreamStatus}</span>
        </Fact>
      )}
      {row.totalMs === null ? null : (
        <Fact label="Took">
          <span className="num">{row.totalMs} ms</span>
        </Fact>
      )}
    </>
  );
}

function Policy({ row }: { row: DecisionRow }) {
  if (!row.policy) return <>none</>;
  const { id, name, version } = row.policy;
  return (
    <Link
      href={version === null ? `/policies/${id}` : `/policies/${id}?version=${String(version)}`}
      className="text-accent hover:underline"
    >
      <PlainText text={name} />
      {version === null ? null : ` v${String(version)}`}
    </Link>
  );
}

function ClientText({ client }: { client: DecisionRow["client"] }) {
  const parts = [client.name, client.version, client.address].filter((part) => part !== null && part !== "");
  return parts.length === 0 ? <>unknown</> : <PlainText text={parts.join(" · ")} />;
}

/** Everything known of one governed call. Argument values are not kept, and so not shown. */
export function DecisionView({ row, detail }: { row: DecisionRow; detail?: DecisionDetail | undefined }) {
  return (
    <div className="grid gap-5">
      <div className="grid gap-1.5">
        <div className="flex flex-wrap items-center gap-2">
          <StateChip state={decisionState(row)} />
          <PlainText text={row.tool ?? row.method} className="font-mono text-base font-medium" />
        </div>
        <p className="text-base">{reasonText(row.reason)}</p>
      </div>
      <dl className="grid gap-2">
        <Fact label="Time">
          <Time at={row.at} />
        </Fact>
        <Fact label="Rule">
          <code className="font-mono">{row.rule === "" ? "–" : visibleText(row.rule)}</code>
        </Fact>
        <Fact label="Reason">
          <code className="font-mono">{visibleText(row.reason)}</code>
        </Fact>
        <Ending row={row} />
        {row.shadow.length === 0 ? null : (
          <Fact label="In shadow">
            <ShadowNotes notes={row.shadow} />
          </Fact>
        )}
        {row.counted.length === 0 ? null : (
          <Fact label="Counted">
            <CountedList counted={row.counted} />
          </Fact>
        )}
        <Fact label="Method">
          <PlainText text={row.method} className="font-mono" />
        </Fact>
        <Fact label="Argument keys">
          {row.argKeys.length === 0 ? (
            "none"
          ) : (
            <span className="flex flex-wrap gap-1 font-mono">
              {row.argKeys.map((key) => (
                <Tag key={key}>{visibleText(key)}</Tag>
              ))}
            </span>
          )}
        </Fact>
        <Fact label="Grant">
          {row.grant ? (
            <Link href={`/logs?grantId=${row.grant.id}`} className="text-accent hover:underline">
              <PlainText text={row.grant.label} />
            </Link>
          ) : (
            "–"
          )}
        </Fact>
        <Fact label="Server">
          {row.server ? (
            <Link href={`/servers/${row.server.id}`} className="text-accent hover:underline">
              <PlainText text={row.server.name} />
            </Link>
          ) : (
            "–"
          )}
        </Fact>
        <Fact label="Policy">
          <Policy row={row} />
        </Fact>
        <Fact label="Client">
          <ClientText client={row.client} />
        </Fact>
        {detail?.protocolVersion ? <Fact label="Protocol">{visibleText(detail.protocolVersion)}</Fact> : null}
        {detail?.policyHash ? (
          <Fact label="Policy hash">
            <Hash label="policy hash" value={detail.policyHash} />
          </Fact>
        ) : null}
        {detail?.argDigest ? (
          <Fact label="Digest">
            <Hash label="digest of the arguments" value={detail.argDigest} />
          </Fact>
        ) : null}
        <Fact label="Decision id">
          <Hash label="decision id" value={row.decisionId} />
        </Fact>
      </dl>
      {detail ? <Records records={detail.records} /> : null}
    </div>
  );
}

function pretty(record: string): string {
  try {
    return JSON.stringify(JSON.parse(record), null, 2);
  } catch {
    return record;
  }
}

function Records({ records }: { records: DecisionDetail["records"] }) {
  return (
    <section className="grid gap-2">
      <h2 className="text-base">Chained records</h2>
      {records.map((item, index) => (
        <div key={item.seq} className="grid gap-2 rounded-md border border-line p-3">
          <dl className="grid gap-1.5">
            <Fact label={index === 0 ? "Decision" : "Outcome"}>
              <span className="num">#{item.seq}</span>
            </Fact>
            <Fact label="Hash">
              <Hash label="hash" value={item.hash} />
            </Fact>
            <Fact label="Previous">
              <Hash label="previous hash" value={item.prevHash} />
            </Fact>
          </dl>
          <details className="text-sm">
            <summary className="w-fit text-ink-soft hover:text-ink">Raw record</summary>
            <pre
              tabIndex={0}
              role="region"
              aria-label={`Raw record ${item.seq}`}
              className="mt-2 max-h-80 overflow-auto rounded-sm bg-sunken p-2 font-mono text-xs -outline-offset-2"
            >
              {pretty(item.record)}
            </pre>
          </details>
        </div>
      ))}
    </section>
  );
}
