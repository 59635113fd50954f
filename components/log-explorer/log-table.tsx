"use client";

import Link from "next/link";
import type { MouseEvent } from "react";
import { cn } from "@/components/ui/cn";
import { PlainText } from "@/components/ui/plain-text";
import { StateChip } from "@/components/ui/state-chip";
import { Cell, HeadCell, Row, Table, TableBody, TableHead } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import type { DecisionRow } from "@/lib/audit/schema";
import { ruleName } from "./rule-name";
import { decisionState, outcomeState } from "./row-state";

interface Props {
  rows: readonly DecisionRow[];
  openId: string | null;
  onOpen: (event: MouseEvent<HTMLAnchorElement>, decisionId: string) => void;
  stale: boolean;
}

function Outcome({ row }: { row: DecisionRow }) {
  const state = outcomeState(row);
  return state === null ? (
    <span className="whitespace-nowrap text-ink-faint">not sent</span>
  ) : (
    <StateChip state={state} />
  );
}

/** Columns that give way to the panel, and that a phone leaves to the decision's own page. */
const spare = (open: boolean) => (open ? "max-sm:hidden sm:max-2xl:hidden" : "max-sm:hidden");

function LogRow({ row, openId, onOpen }: Omit<Props, "rows" | "stale"> & { row: DecisionRow }) {
  const open = row.decisionId === openId;
  const extra = spare(openId !== null);
  return (
    <Row
      className={cn(
        "relative flex flex-wrap items-center gap-x-2 gap-y-1",
        open && "bg-accent-soft sm:hover:bg-accent-soft",
      )}
    >
      <Cell label={null} className="order-1 text-ink-soft sm:text-ink">
        <Time at={row.at} form="clock" quiet />
      </Cell>
      <Cell label={null} className="order-2">
        <StateChip state={decisionState(row)} />
      </Cell>
      <Cell label={null} className="order-4 basis-full sm:basis-auto">
        <Link
          href={`/logs/${row.decisionId}`}
          prefetch={false}
          onClick={(event) => {
            onOpen(event, row.decisionId);
          }}
          className="font-mono font-medium after:absolute after:inset-0 hover:underline"
        >
          <PlainText oneLine text={row.tool ?? row.method} />
        </Link>
      </Cell>
      <Cell label={null} className="order-5 text-ink-soft sm:text-ink">
        <PlainText oneLine text={row.grant?.label ?? "–"} />
      </Cell>
      <Cell label={null} className="order-6 min-w-0 text-ink-soft sm:text-ink">
        {row.rule === "" ? (
          <span className="text-ink-faint max-sm:hidden">–</span>
        ) : (
          <PlainText oneLine text={ruleName(row.rule)} />
        )}
      </Cell>
      <Cell label={null} className="order-3 max-sm:ml-auto">
        <Outcome row={row} />
      </Cell>
      <Cell label={null} align="right" className={extra}>
        {row.totalMs ?? "–"}
      </Cell>
      <Cell label={null} align="right" className={cn("text-ink-faint", extra)}>
        {row.seq}
      </Cell>
    </Row>
  );
}

export function LogTable({ rows, openId, onOpen, stale }: Props) {
  const extra = spare(openId !== null);
  return (
    <Table label="Decisions" className={cn("transition-opacity", stale && "opacity-60")}>
      <TableHead>
        <HeadCell>Time</HeadCell>
        <HeadCell>Decision</HeadCell>
        <HeadCell>Tool</HeadCell>
        <HeadCell>Grant</HeadCell>
        <HeadCell>Rule</HeadCell>
        <HeadCell>Outcome</HeadCell>
        <HeadCell align="right" className={extra}>
          ms
        </HeadCell>
        <HeadCell align="right" className={extra}>
          Seq
        </HeadCell>
      </TableHead>
      <TableBody>
        {rows.map((row) => (
          <LogRow key={row.decisionId} row={row} openId={openId} onOpen={onOpen} />
        ))}
      </TableBody>
    </Table>
  );
}
