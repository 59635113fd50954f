"use client";

import { History } from "lucide-react";
import Link from "next/link";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { PlainText } from "@/components/ui/plain-text";
import { StateChip } from "@/components/ui/state-chip";
import { Cell, HeadCell, Row, Table, TableBody, TableHead } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import { countText } from "@/components/ui/word";
import type { PolicyDto, PolicyVersionDto } from "@/lib/policies/schema";

/** The published versions, newest first; history is never rewritten. */
export function VersionTable({ policy }: { policy: PolicyDto }) {
  if (policy.versions.length === 0) {
    return (
      <EmptyState
        icon={History}
        action={
          <Button asChild>
            <Link href={`/policies/${policy.id}`}>Open the editor</Link>
          </Button>
        }
      >
        Nothing published yet. Each publishing makes a version that stays.
      </EmptyState>
    );
  }
  return (
    <Table label="Versions">
      <TableHead>
        <HeadCell>Version</HeadCell>
        <HeadCell>Published</HeadCell>
        <HeadCell>Author</HeadCell>
        <HeadCell>Reason</HeadCell>
        <HeadCell>Tests</HeadCell>
        <HeadCell>Hash</HeadCell>
      </TableHead>
      <TableBody>
        {policy.versions.map((version) => (
          <Row key={version.version}>
            <Cell label={null}>
              <span className="inline-flex items-center gap-2">
                <Link
                  href={`/policies/${policy.id}/versions/${String(version.version)}`}
                  aria-label={`Version ${String(version.version)}`}
                  className="num inline-flex min-h-6 items-center font-medium text-accent hover:underline touch:min-h-11"
                >
                  v{version.version}
                </Link>
                {version.version === policy.liveVersion ? <StateChip state="live" /> : null}
              </span>
            </Cell>
            <Cell label="Published">
              <Time at={version.createdAt} quiet />
            </Cell>
            <Cell label="Author">
              <PlainText oneLine text={version.author ?? "PolicyLayer"} />
            </Cell>
            <Cell label="Reason" className="text-ink-soft">
              {version.reason === "" ? "–" : <PlainText text={version.reason} />}
            </Cell>
            <Cell label="Tests">
              <TestCount version={version} />
            </Cell>
            <Cell label="Hash">
              <code className="font-mono text-ink-soft">{version.contentHash.slice(0, 12)}</code>
            </Cell>
          </Row>
        ))}
      </TableBody>
    </Table>
  );
}

/** How the tests of a version came out when it was published. */
export function TestCount({ version: { testsPassed, testsFailed } }: { version: PolicyVersionDto }) {
  if (testsPassed + testsFailed === 0) return <span className="text-ink-faint">none</span>;
  if (testsFailed > 0) {
    return (
      <StateChip
        state="fails"
        word={`${testsFailed.toLocaleString("en")} of ${countText(testsPassed + testsFailed, "test")} failed`}
      />
    );
  }
  return <StateChip state="passes" word={`${countText(testsPassed, "test")} passed`} />;
}
