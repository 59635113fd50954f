"use client";

import { FileCode2, Plus } from "lucide-react";
import Link from "next/link";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { GatedButton } from "@/components/ui/gated-button";
import { PlainText } from "@/components/ui/plain-text";
import { StateChip } from "@/components/ui/state-chip";
import { Cell, HeadCell, Row, Table, TableBody, TableHead } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import type { PolicyListItem } from "@/lib/policies/schema";
import { PolicyMenu } from "./policy-menu";

export function NewPolicyButton({ refusal }: { refusal: string | null }) {
  const words = (
    <>
      <Plus aria-hidden /> New policy
    </>
  );
  if (refusal !== null) {
    return (
      <GatedButton look="primary" reason={refusal}>
        {words}
      </GatedButton>
    );
  }
  return (
    <Button asChild look="primary">
      <Link href="/policies/new">{words}</Link>
    </Button>
  );
}

export function PolicyList({ policies, refusal }: { policies: readonly PolicyListItem[]; refusal: string | null }) {
  if (policies.length === 0) {
    return (
      <EmptyState icon={FileCode2} action={<NewPolicyButton refusal={refusal} />}>
        No policy yet. Until one is published and attached, every call is denied.
      </EmptyState>
    );
  }
  return (
    <Table label="Policies">
      <TableHead>
        <HeadCell>Name</HeadCell>
        <HeadCell>Live version</HeadCell>
        <HeadCell align="right">Grants</HeadCell>
        <HeadCell align="right">Denials, 24 h</HeadCell>
        <HeadCell>Changed</HeadCell>
        <HeadCell>
          <span className="sr-only">Actions</span>
        </HeadCell>
      </TableHead>
      <TableBody>
        {policies.map((policy) => (
          <Row key={policy.id}>
            <Cell label={null}>
              <Link href={`/policies/${policy.id}`} className="font-medium hover:underline">
                <PlainText oneLine text={policy.name} />
              </Link>
            </Cell>
            <Cell label="Live version">
              {policy.liveVersion === null ? (
                <StateChip state="draft" />
              ) : (
                <StateChip state="live" word={`v${String(policy.liveVersion)}`} />
              )}
            </Cell>
            <Cell label="Grants" align="right">
              {policy.grantCount}
            </Cell>
            <Cell label="Denials, 24 h" align="right">
              {policy.denials24h === 0 ? (
                0
              ) : (
                <Link href={`/logs?decision=deny&policyId=${policy.id}`} className="hover:underline">
                  {policy.denials24h.toLocaleString("en")}
                </Link>
              )}
            </Cell>
            <Cell label="Changed">
              <span>
                <Time at={policy.updatedAt} form="ago" quiet />
                {policy.updatedBy ? (
                  <span className="text-ink-soft">
                    {" by "}
                    <PlainText text={policy.updatedBy} />
                  </span>
                ) : null}
              </span>
            </Cell>
            <Cell label={null} align="right">
              <PolicyMenu policy={policy} refusal={refusal} />
            </Cell>
          </Row>
        ))}
      </TableBody>
    </Table>
  );
}
