"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import { toast } from "sonner";
import { api } from "@/components/shell/api";
import { useAction } from "@/components/shell/use-action";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { Dialog } from "@/components/ui/dialog";
import { visibleText } from "@/components/ui/visible-text";
import type { ServerAuthDto } from "@/lib/servers/oauth-schema";
import { ClientForm } from "./client-form";

interface Props {
  serverId: string;
  client: NonNullable<ServerAuthDto["client"]>;
  refusal: string | null;
}

/** The client that an admin registered at the authorisation server: its id, never its secret. */
export function OwnClient({ serverId, client, refusal }: Props) {
  const router = useRouter();
  const [open, setOpen] = useState<"replace" | "remove" | null>(null);
  const remove = useAction(async () => {
    await api("DELETE", `/api/servers/${serverId}/oauth/client`);
    toast.success("Removed the client.");
    setOpen(null);
    router.refresh();
  });
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1 border-t border-line pt-3">
      <p className="min-w-0 grow text-sm">
        <span className="text-ink-soft">Own client </span>
        <code className="font-mono [overflow-wrap:anywhere]">{visibleText(client.clientId)}</code>
        <span className="text-ink-soft">{client.hasSecret ? ", secret sealed" : ", without a secret"}</span>
      </p>
      {refusal === null ? (
        <span className="flex gap-1">
          <Button
            size="sm"
            look="ghost"
            onClick={() => {
              setOpen("replace");
            }}
          >
            Replace client
          </Button>
          <Button
            size="sm"
            look="ghost"
            className="text-red"
            onClick={() => {
              setOpen("remove");
            }}
          >
            Remove client
          </Button>
        </span>
      ) : null}
      {open === "replace" ? (
        <Dialog
          open
          onOpenChange={() => {
            setOpen(null);
          }}
          title="Replace the client"
          description={`For ${visibleText(client.issuer)} only. Sign in again afterwards.`}
        >
          <ClientForm
            serverId={serverId}
            issuer={client.issuer}
            onDone={() => {
              setOpen(null);
              router.refresh();
            }}
          />
        </Dialog>
      ) : null}
      <ConfirmDialog
        open={open === "remove"}
        onOpenChange={() => {
          setOpen(null);
        }}
        title="Remove the client?"
        consequence="The access can no longer be renewed with it. The next sign-in registers this gateway by itself where the authorisation server allows that."
        verb="Remove client"
        sending={remove.sending}
        failure={remove.failure}
        onConfirm={() => void remove.run()}
      />
    </div>
  );
}
