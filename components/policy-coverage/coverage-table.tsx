"use client";

import Link from "next/link";
import { PlainText } from "@/components/ui/plain-text";
import { StateChip } from "@/components/ui/state-chip";
import { Cell, HeadCell, Row, Table, TableBody, TableHead } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import { countText } from "@/components/ui/word";
import type { CoverageCell, ToolCoverage } from "@/lib/policy/coverage";
import { isBeforeRules, logLink } from "./coverage-rows";

/** A line per tool: what the policy does with it, what was decided, and each rule for it. */
export function CoverageTable({ rows, days }: { rows: readonly ToolCoverage[]; days: number }) {
  return (
    <Table label="Coverage">
      <TableHead>
        <HeadCell>Tool</HeadCell>
        <HeadCell>Verdict</HeadCell>
        <HeadCell align="right">Allowed</HeadCell>
        <HeadCell align="right">By default</HeadCell>
        <HeadCell>Last call</HeadCell>
        <HeadCell>Rules</HeadCell>
      </TableHead>
      <TableBody>
        {rows.map((row) => (
          <Row key={row.tool}>
            <Cell label={null} className="sm:align-top">
              <PlainText oneLine text={row.tool} className="font-mono font-medium" />
            </Cell>
            <Cell label="Verdict" className="sm:align-top">
              <StateChip state={row.class} />
            </Cell>
            <Cell label="Allowed" align="right" className="sm:align-top">
              {row.allowed.toLocaleString("en")}
            </Cell>
            <Cell label="By default" align="right" className="sm:align-top">
              {row.byDefault.toLocaleString("en")}
            </Cell>
            <Cell label="Last call" className="sm:align-top">
              {row.lastAt === null ? (
                <span className="text-ink-faint">none in {days} days</span>
              ) : (
                <Time at={row.lastAt} form="ago" quiet />
              )}
            </Cell>
            <Cell label={null} className="sm:align-top">
              <Rules row={row} days={days} />
            </Cell>
          </Row>
        ))}
      </TableBody>
    </Table>
  );
}

function Rules({ row, days }: { row: ToolCoverage; days: number }) {
  if (row.cells.length === 0) return <span className="text-ink-faint max-sm:hidden">none</span>;
  if (isBeforeRules(row) && row.cells.every(({ state }) => state !== "decides")) {
    return <span className="text-ink-soft">{countText(row.cells.length, "rule")}, not reached</span>;
  }
  return (
    <ul aria-label={`Rules for ${row.tool}`} className="grid w-full gap-1">
      {row.cells.map((cell) => (
        <li key={cell.rule} className="flex flex-wrap items-center gap-x-2 gap-y-0.5">
          <StateChip state={cell.state} word={cellWord(cell, days)} />
          <CellName tool={row.tool} cell={cell} />
        </li>
      ))}
    </ul>
  );
}

function cellWord({ state, count }: CoverageCell, days: number): string {
  switch (state) {
    case "decides":
      return `Decides ${count.toLocaleString("en")}`;
    case "never":
      return `Never in ${String(days)} days`;
    case "unreachable":
      return "Unreachable";
    case "shadow":
      return "Shadow";
    case "off":
      return "Off";
  }
}

function CellName({ tool, cell }: { tool: string; cell: CoverageCell }) {
  const href = cell.state === "decides" ? logLink(tool, cell.rule) : null;
  const name = <PlainText oneLine text={cell.name} />;
  if (href === null) return <span className="min-w-0 text-ink-soft">{name}</span>;
  return (
    <Link
      href={href}
      prefetch={false}
      className="inline-flex min-h-6 min-w-0 items-center text-accent hover:underline touch:min-h-11"
    >
      {name}
    </Link>
  );
}
