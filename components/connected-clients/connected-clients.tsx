"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import { toast } from "sonner";
import { api } from "@/components/shell/api";
import { useAction } from "@/components/shell/use-action";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { PlainText } from "@/components/ui/plain-text";
import { Cell, HeadCell, Row, Table, TableBody, TableHead } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import { visibleText } from "@/components/ui/visible-text";
import type { ConnectorDto } from "@/lib/grants/connector-schema";

interface Props {
  connectors: readonly ConnectorDto[];
  /** Why this person may not disconnect; null when they may. */
  refusal: string | null;
}

/** The clients that hold tokens of one grant, and the way to end each one's access. */
export function ConnectedClients({ connectors, refusal }: Props) {
  const [ending, setEnding] = useState<ConnectorDto | null>(null);
  if (connectors.length === 0) {
    return (
      <p className="p-4 text-base text-ink-soft">
        No client is connected over OAuth. One appears here when somebody adds this grant&apos;s URL to a desktop client
        and approves it.
      </p>
    );
  }
  return (
    <>
      <Table label="Connected clients" className="rounded-t-none border-0">
        <TableHead>
          <HeadCell>Client</HeadCell>
          <HeadCell>Described by</HeadCell>
          <HeadCell>Approved by</HeadCell>
          <HeadCell>Since</HeadCell>
          <HeadCell>Last used</HeadCell>
          {refusal === null ? (
            <HeadCell>
              <span className="sr-only">Actions</span>
            </HeadCell>
          ) : null}
        </TableHead>
        <TableBody>
          {connectors.map((connector) => (
            <Row key={connector.id}>
              <Cell label={null}>
                <span className="font-medium">
                  <PlainText oneLine text={connector.client.name} />
                </span>
              </Cell>
              <Cell label="Described by">
                {connector.client.confirmedBy === null ? (
                  <span className="text-ink-soft">itself</span>
                ) : (
                  <PlainText oneLine text={connector.client.confirmedBy} />
                )}
              </Cell>
              <Cell label="Approved by">
                <PlainText oneLine text={connector.approvedBy ?? "somebody who left"} />
              </Cell>
              <Cell label="Since">
                <Time at={connector.since} form="ago" quiet />
              </Cell>
              <Cell label="Last used">
                {connector.lastUsedAt === null ? (
                  <span className="text-ink-soft">never</span>
                ) : (
                  <Time at={connector.lastUsedAt} form="ago" quiet />
                )}
              </Cell>
              {refusal === null ? (
                <Cell label={null} align="right">
                  <Button
                    size="sm"
                    look="ghost"
                    className="text-red max-sm:-ml-2"
                    aria-label={`Disconnect ${visibleText(connector.client.name)}`}
                    onClick={() => {
                      setEnding(connector);
                    }}
                  >
                    Disconnect…
                  </Button>
                </Cell>
              ) : null}
            </Row>
          ))}
        </TableBody>
      </Table>
      {ending ? (
        <DisconnectDialog
          connector={ending}
          onClose={() => {
            setEnding(null);
          }}
        />
      ) : null}
    </>
  );
}

function DisconnectDialog({ connector, onClose }: { connector: ConnectorDto; onClose: () => void }) {
  const router = useRouter();
  const name = visibleText(connector.client.name);
  const { run, sending, failure } = useAction(async () => {
    await api("DELETE", `/api/connectors/${connector.id}`);
    toast.success(`Disconnected ${name}.`);
    onClose();
    router.refresh();
  });
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Disconnect ${name}?`}
      consequence="It loses access now, open streams included. The grant itself and its other clients go on. To come back, the client has to be approved again."
      verb="Disconnect"
      sending={sending}
      failure={failure}
      onConfirm={() => void run()}
    />
  );
}
