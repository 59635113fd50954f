"use client";

import { ArrowRight } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { PlainText } from "@/components/ui/plain-text";
import { StateChip, states, type State } from "@/components/ui/state-chip";
import { Cell, HeadCell, Row, Table, TableBody, TableHead } from "@/components/ui/table";
import type { ReplayDto, ReplayGroup } from "@/lib/policies/schema";

const firstMax = 10;

/** The sentence first, then every kind of change; what cannot be told stands apart and is never counted as unchanged. */
export function ReplayResult({ replay }: { replay: ReplayDto }) {
  const changed = replay.groups.filter((group) => group.to !== "undetermined");
  const open = replay.groups.filter((group) => group.to === "undetermined");
  return (
    <div className="grid grid-cols-1 gap-3">
      <p className="font-medium">{replay.sentence}</p>
      {replay.cut ? (
        <p className="text-sm text-ink-soft">
          There were more calls: only the newest {replay.total.toLocaleString("en")} were judged.
        </p>
      ) : null}
      {changed.length > 0 ? <Groups label="Calls that would change" groups={changed} /> : null}
      {open.length > 0 ? (
        <div className="grid grid-cols-1 gap-2">
          <h4 className="text-sm font-medium">Cannot be told: {replay.undetermined.toLocaleString("en")}</h4>
          <p className="text-sm text-ink-soft">
            These answers hang on argument values, and the log keeps none. They may change or not.
          </p>
          <Groups label="Calls that cannot be told" groups={open} />
        </div>
      ) : null}
    </div>
  );
}

function stateOf(word: string): State {
  return Object.hasOwn(states, word) ? (word as State) : "in_doubt";
}

function Groups({ label, groups }: { label: string; groups: readonly ReplayGroup[] }) {
  const [all, setAll] = useState(false);
  const shown = all ? groups : groups.slice(0, firstMax);
  return (
    <>
      <Table label={label}>
        <TableHead>
          <HeadCell>Was, would be</HeadCell>
          <HeadCell>Tool</HeadCell>
          <HeadCell>Grant</HeadCell>
          <HeadCell>Rule</HeadCell>
          <HeadCell align="right">Calls</HeadCell>
          <HeadCell>Newest</HeadCell>
        </TableHead>
        <TableBody>
          {shown.map((group) => (
            <GroupRow key={JSON.stringify([group.from, group.to, group.tool, group.grant, group.rule])} group={group} />
          ))}
        </TableBody>
      </Table>
      {shown.length < groups.length ? (
        <Button
          size="sm"
          className="w-fit"
          onClick={() => {
            setAll(true);
          }}
        >
          Show all {groups.length.toLocaleString("en")}
        </Button>
      ) : null}
    </>
  );
}

function GroupRow({ group }: { group: ReplayGroup }) {
  return (
    <Row>
      <Cell label={null}>
        <span className="inline-flex flex-wrap items-center gap-1">
          <StateChip state={stateOf(group.from)} />
          <ArrowRight aria-label="would be" className="size-3.5 text-ink-faint" />
          {group.to === "undetermined" ? (
            <StateChip state="in_doubt" word="Not known" />
          ) : (
            <StateChip state={stateOf(group.to)} />
          )}
        </span>
      </Cell>
      <Cell label="Tool">
        <Link
          href={`/logs?tool=${encodeURIComponent(group.tool)}`}
          target="_blank"
          className="font-mono hover:underline"
        >
          <PlainText oneLine text={group.tool} />
        </Link>
      </Cell>
      <Cell label="Grant">
        <PlainText oneLine text={group.grant === "" ? "–" : group.grant} />
      </Cell>
      <Cell label="Rule">
        <PlainText oneLine text={group.rule === "" ? "–" : group.rule} className="font-mono" />
      </Cell>
      <Cell label="Calls" align="right">
        {group.count.toLocaleString("en")}
      </Cell>
      <Cell label="Newest">
        <span className="inline-flex gap-1.5">
          {group.decisionIds.map((id, index) => (
            <Link
              key={id}
              href={`/logs/${id}`}
              target="_blank"
              aria-label={`Decision ${id}`}
              className="num inline-flex min-h-6 min-w-6 items-center justify-center text-accent hover:underline"
            >
              {index + 1}
            </Link>
          ))}
        </span>
      </Cell>
    </Row>
  );
}
