"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import { PlainText } from "@/components/ui/plain-text";
import { StateChip } from "@/components/ui/state-chip";
import { Cell, HeadCell, Row, Table, TableBody, TableHead } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import type { RuleCoverage, Shadowed } from "@/lib/policy/coverage";

const shadowWords: Readonly<Record<Shadowed["would"], string>> = {
  deny: "denied",
  hold: "held",
  rate_limited: "limited",
};

const firstMax = 200;

/** The other side of the map: each rule, what it decided, and in shadow what it would have done. */
export function RuleTable({ rules, days }: { rules: readonly RuleCoverage[]; days: number }) {
  const [all, setAll] = useState(false);
  if (rules.length === 0) return null;
  const shown = all ? rules : rules.slice(0, firstMax);
  return (
    <section aria-labelledby="coverage-rules" className="grid grid-cols-1 gap-2">
      <h2 id="coverage-rules" className="text-base">
        Rules
      </h2>
      <Table label="Rules">
        <TableHead>
          <HeadCell>Rule</HeadCell>
          <HeadCell>For</HeadCell>
          <HeadCell align="right">Tools</HeadCell>
          <HeadCell>Mode</HeadCell>
          <HeadCell align="right">Decided</HeadCell>
          <HeadCell>Last</HeadCell>
        </TableHead>
        <TableBody>
          {shown.map((rule) => (
            <Row key={rule.rule}>
              <Cell label={null}>
                <PlainText oneLine text={rule.name} className="font-medium" />
              </Cell>
              <Cell label="For">
                <PlainText oneLine text={rule.block} className="font-mono" />
              </Cell>
              <Cell label="Tools" align="right">
                {rule.tools.toLocaleString("en")}
              </Cell>
              <Cell label="Mode">
                <Mode rule={rule} days={days} />
              </Cell>
              <Cell label="Decided" align="right">
                {rule.decides.toLocaleString("en")}
              </Cell>
              <Cell label="Last">
                {rule.lastAt === null ? (
                  <span className="text-ink-faint">none in {days} days</span>
                ) : (
                  <Time at={rule.lastAt} form="ago" quiet />
                )}
              </Cell>
            </Row>
          ))}
        </TableBody>
      </Table>
      {shown.length < rules.length ? (
        <Button
          size="sm"
          className="justify-self-center"
          onClick={() => {
            setAll(true);
          }}
        >
          Show all {rules.length.toLocaleString("en")} rules
        </Button>
      ) : null}
    </section>
  );
}

function Mode({ rule: { mode, shadow }, days }: { rule: RuleCoverage; days: number }) {
  if (mode === "enforce" && shadow.length === 0) return <StateChip state="enabled" word="Enforced" />;
  const counted = shadow.map(({ would, count }) => `${shadowWords[would]} ${count.toLocaleString("en")}`);
  return (
    <span className="inline-flex flex-wrap items-center gap-x-2 gap-y-0.5">
      {mode === "enforce" ? <StateChip state="enabled" word="Enforced" /> : <StateChip state={mode} />}
      {counted.length > 0 ? (
        <span>
          would have {counted.join(", ")} in {days} days
        </span>
      ) : mode === "shadow" ? (
        <span className="text-ink-soft">would have done nothing in {days} days</span>
      ) : null}
    </span>
  );
}
