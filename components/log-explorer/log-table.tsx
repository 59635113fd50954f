"use client";

import Link from "next/link";
import type { MouseEvent } from "react";
import { cn } from "@/components/ui/cn";
import { PlainText } from "@/components/ui/plain-text";
import { StateChip } from "@/components/ui/state-chip";
import { Cell, HeadCell, Row, Table, TableBody, TableHead } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import type { DecisionRow } from "@/lib/audit/schema";
import { ruleName } from "./reasons";
import { decisionState, outcomeState } from "./row-state";

interface Props {
  rows: readonly DecisionRow[];
  openId: string | null;
  onOpen: (event: MouseEvent<HTMLAnchorElement>, decisionId: string) => void;
  stale: boolean;
}

function Outcome({ row }: { row: DecisionRow }) {
  const state = outcomeState(row);
  return state === null ? <span className="text-ink-faint">not sent</span> : <StateChip state={state} />;
}

export function LogTable({ rows, openId, onOpen, stale }: Props) {
  return (
    <Table label="Decisions" className={cn("transition-opacity", stale && "opacity-60")}>
      <TableHead>
        <HeadCell>Time</HeadCell>
        <HeadCell>Decision</HeadCell>
        <HeadCell>Tool</HeadCell>
        <HeadCell>Grant</HeadCell>
        <HeadCell>Rule</HeadCell>
        <HeadCell>Outcome</HeadCell>
        <HeadCell align="right">ms</HeadCell>
        <HeadCell align="right">Seq</HeadCell>
      </TableHead>
      <TableBody>
        {rows.map((row) => (
          <Row
            key={row.decisionId}
            className={cn("relative", row.decisionId === openId && "bg-accent-soft sm:hover:bg-accent-soft")}
          >
            <Cell label="Time">
              <Time at={row.at} form="clock" quiet />
            </Cell>
            <Cell label="Decision">
              <StateChip state={decisionState(row)} />
            </Cell>
            <Cell label="Tool">
              <Link
                href={`/logs/${row.decisionId}`}
                prefetch={false}
                onClick={(event) => {
                  onOpen(event, row.decisionId);
                }}
                className="font-mono font-medium after:absolute after:inset-0 hover:underline"
              >
                <PlainText text={row.tool ?? row.method} />
              </Link>
            </Cell>
            <Cell label="Grant">
              <PlainText text={row.grant?.label ?? "–"} />
            </Cell>
            <Cell label="Rule" className="sm:max-w-72">
              <span className="block min-w-0 text-right sm:truncate sm:text-left" title={row.rule}>
                {row.rule === "" ? <span className="text-ink-faint">–</span> : <PlainText text={ruleName(row.rule)} />}
              </span>
            </Cell>
            <Cell label="Outcome">
              <Outcome row={row} />
            </Cell>
            <Cell label="ms" align="right">
              {row.totalMs ?? "–"}
            </Cell>
            <Cell label="Seq" align="right" className="text-ink-faint">
              {row.seq}
            </Cell>
          </Row>
        ))}
      </TableBody>
    </Table>
  );
}
