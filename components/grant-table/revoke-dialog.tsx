"use client";

import { useRouter } from "next/navigation";
import { toast } from "sonner";
import { api } from "@/components/shell/api";
import { useAction } from "@/components/shell/use-action";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import type { GrantDto } from "@/lib/grants/schema";
import { reachOf } from "./reach";

export function RevokeDialog({ grant, onClose }: { grant: GrantDto; onClose: () => void }) {
  const router = useRouter();
  const { run, sending, failure } = useAction(async () => {
    await api("POST", `/api/grants/${grant.id}/revoke`);
    toast.success(`Revoked ${grant.label}.`);
    onClose();
    router.refresh();
  });
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Revoke ${grant.label}?`}
      consequence={`Whoever uses the token ending in ${grant.tokenHint} loses access to ${reachOf(grant).name} now. A revoked grant cannot be brought back; its records stay in the log.`}
      verb="Revoke grant"
      sending={sending}
      failure={failure}
      onConfirm={() => void run()}
    />
  );
}
