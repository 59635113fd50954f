"use client";

import { Server } from "lucide-react";
import Link from "next/link";
import { EmptyState } from "@/components/ui/empty-state";
import { PlainText } from "@/components/ui/plain-text";
import { StateChip } from "@/components/ui/state-chip";
import { Cell, HeadCell, Row, Table, TableBody, TableHead } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import type { ReviewCount } from "@/lib/servers/review-schema";
import type { ServerDto } from "@/lib/servers/schema";
import { AddServerButton } from "./add-server";

/** Where a server is, short: the host of its URL, or the program that is started. */
function placeOf({ url, command }: ServerDto): string {
  if (command !== null) return command;
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}

function Scan({ server }: { server: ServerDto }) {
  if (server.lastScanError) return <StateChip state="scan_failed" />;
  if (!server.lastScanAt) return <span className="text-ink-soft">never</span>;
  return <Time at={server.lastScanAt} form="ago" quiet />;
}

/** Tools that wait for a decision, leading to it. */
function Waiting({ serverId, count }: { serverId: string; count: ReviewCount | undefined }) {
  if (!count) return null;
  return (
    <Link href={`/servers/${serverId}/review`}>
      <StateChip state="quarantined" word={`${(count.changed + count.new).toLocaleString("en")} to review`} />
    </Link>
  );
}

/** A server whose calls are not sent until somebody signs in at it. */
function SignIn({ serverId, state }: { serverId: string; state: "none" | "reconnect" | undefined }) {
  if (!state) return null;
  return (
    <Link href={`/servers/${serverId}`}>
      <StateChip state={state === "none" ? "unconnected" : "reconnect"} />
    </Link>
  );
}

interface Props {
  servers: readonly ServerDto[];
  /** By server id, those with tools that wait. */
  reviews: Readonly<Record<string, ReviewCount>>;
  /** By server id, those at which somebody has to sign in. */
  signIns: Readonly<Record<string, "none" | "reconnect">>;
  refusal: string | null;
}

export function ServerList({ servers, reviews, signIns, refusal }: Props) {
  if (servers.length === 0) {
    return (
      <EmptyState icon={Server} action={<AddServerButton refusal={refusal} />}>
        No server yet. Add the MCP server that the gateway should stand in front of.
      </EmptyState>
    );
  }
  return (
    <Table label="Servers">
      <TableHead>
        <HeadCell>Name</HeadCell>
        <HeadCell>Host</HeadCell>
        <HeadCell>State</HeadCell>
        <HeadCell align="right">Tools</HeadCell>
        <HeadCell align="right">Grants</HeadCell>
        <HeadCell>Last scan</HeadCell>
      </TableHead>
      <TableBody>
        {servers.map((server) => (
          <Row key={server.id}>
            <Cell label={null}>
              <Link href={`/servers/${server.id}`} className="font-medium text-ink hover:underline">
                <PlainText oneLine text={server.name} />
              </Link>
            </Cell>
            <Cell label="Host">
              <PlainText oneLine text={placeOf(server)} className="text-right font-mono sm:text-left" />
            </Cell>
            <Cell label="State">
              <span className="inline-flex flex-wrap items-center justify-end gap-1.5 sm:justify-start">
                <StateChip state={server.enabled ? "enabled" : "disabled"} />
                <SignIn serverId={server.id} state={signIns[server.id]} />
                <Waiting serverId={server.id} count={reviews[server.id]} />
              </span>
            </Cell>
            <Cell label="Tools" align="right">
              {server.toolCount}
            </Cell>
            <Cell label="Grants" align="right">
              {server.grantCount}
            </Cell>
            <Cell label="Last scan">
              <Scan server={server} />
            </Cell>
          </Row>
        ))}
      </TableBody>
    </Table>
  );
}
