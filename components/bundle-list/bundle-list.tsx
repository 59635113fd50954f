"use client";

import { Boxes } from "lucide-react";
import Link from "next/link";
import { CopyButton } from "@/components/ui/copy-button";
import { EmptyState } from "@/components/ui/empty-state";
import { PlainText } from "@/components/ui/plain-text";
import { StateChip } from "@/components/ui/state-chip";
import { Cell, HeadCell, Row, Table, TableBody, TableHead } from "@/components/ui/table";
import type { BundleDto } from "@/lib/bundles/schema";
import { CreateBundleButton } from "./create-bundle";

export function BundleList({ bundles, refusal }: { bundles: readonly BundleDto[]; refusal: string | null }) {
  if (bundles.length === 0) {
    return (
      <EmptyState icon={Boxes} action={<CreateBundleButton refusal={refusal} />}>
        No bundle yet. A bundle puts several servers behind one URL, so that an agent needs one grant for all of them.
      </EmptyState>
    );
  }
  return (
    <Table label="Bundles">
      <TableHead>
        <HeadCell>Name</HeadCell>
        <HeadCell>State</HeadCell>
        <HeadCell align="right">Servers</HeadCell>
        <HeadCell align="right">Tools</HeadCell>
        <HeadCell align="right">Grants</HeadCell>
        <HeadCell>URL for agents</HeadCell>
      </TableHead>
      <TableBody>
        {bundles.map((bundle) => (
          <Row key={bundle.id}>
            <Cell label={null}>
              <Link href={`/bundles/${bundle.id}`} className="font-medium text-ink hover:underline">
                <PlainText oneLine text={bundle.name} />
              </Link>
            </Cell>
            <Cell label="State">
              <StateChip state={bundle.enabled ? "enabled" : "disabled"} />
            </Cell>
            <Cell label="Servers" align="right">
              {bundle.members.length}
            </Cell>
            <Cell label="Tools" align="right">
              {bundle.members.reduce((sum, member) => sum + member.toolCount, 0)}
            </Cell>
            <Cell label="Grants" align="right">
              {bundle.grantCount}
            </Cell>
            <Cell label="URL for agents">
              <span className="inline-flex min-w-0 items-center gap-1">
                <code className="min-w-0 truncate font-mono">/mcp/s/{bundle.id.slice(0, 8)}…</code>
                <CopyButton text={bundle.mcpUrl} label={`Copy MCP URL of ${bundle.name}`} />
              </span>
            </Cell>
          </Row>
        ))}
      </TableBody>
    </Table>
  );
}
