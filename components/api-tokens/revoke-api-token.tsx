"use client";

import { useRouter } from "next/navigation";
import { toast } from "sonner";
import { api } from "@/components/shell/api";
import { useAction } from "@/components/shell/use-action";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { visibleText } from "@/components/ui/visible-text";
import type { ApiTokenDto } from "@/lib/auth/api-token-schema";

export function RevokeApiToken({ apiToken, onClose }: { apiToken: ApiTokenDto; onClose: () => void }) {
  const router = useRouter();
  const name = visibleText(apiToken.name);
  const { run, sending, failure } = useAction(async () => {
    await api("POST", `/api/api-tokens/${apiToken.id}/revoke`);
    toast.success(`Revoked ${name}.`);
    onClose();
    router.refresh();
  });
  const whose = apiToken.isOwn ? "" : ` It belongs to ${visibleText(apiToken.owner.name)}.`;
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Revoke ${name}?`}
      consequence={`Whatever uses the token ending in ${apiToken.tokenHint} loses access now, pipelines included.${whose} A revoked token cannot be brought back; what it did stays in the audit log.`}
      verb="Revoke token"
      sending={sending}
      failure={failure}
      onConfirm={() => void run()}
    />
  );
}
