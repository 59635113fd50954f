"use client";

import { Plus } from "lucide-react";
import { useRouter } from "next/navigation";
import { parseAsStringLiteral, useQueryState } from "nuqs";
import { useRef, useState } from "react";
import { api } from "@/components/shell/api";
import { errorsByField, issuesOf } from "@/components/shell/form-errors";
import { useAction } from "@/components/shell/use-action";
import { useErrorFocus } from "@/components/shell/use-error-focus";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { ErrorNote } from "@/components/ui/error-note";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Select, type Choice } from "@/components/ui/select";
import type { ApiTokenInput, MintedApiToken } from "@/lib/auth/api-token-schema";
import { ApiTokenDialog } from "./api-token-dialog";

function useMintDialog() {
  return useQueryState("dialog", parseAsStringLiteral(["mint"]));
}

/** Opens the mint dialog, which the page keeps elsewhere so that a refresh of the list cannot take the token away. */
export function MintApiTokenButton() {
  const [, setDialog] = useMintDialog();
  return (
    <Button look="primary" onClick={() => void setDialog("mint")}>
      <Plus aria-hidden /> Mint token
    </Button>
  );
}

interface Props {
  /** The roles that the reader may give, the least first. */
  roles: readonly Choice[];
  consoleUrl: string;
}

/** The mint dialog and, after it, the token. Rendered once per page. */
export function MintApiToken({ roles, consoleUrl }: Props) {
  const router = useRouter();
  const [dialog, setDialog] = useMintDialog();
  const [minted, setMinted] = useState<MintedApiToken | null>(null);
  if (minted) {
    return (
      <ApiTokenDialog
        minted={minted}
        consoleUrl={consoleUrl}
        onSaved={() => {
          setMinted(null);
          router.refresh();
        }}
      />
    );
  }
  if (dialog === null) return null;
  return (
    <MintDialog
      roles={roles}
      onClose={() => void setDialog(null)}
      onMinted={(token) => {
        setMinted(token);
        void setDialog(null);
      }}
    />
  );
}

const endings: readonly Choice[] = [
  { value: "30", label: "In 30 days" },
  { value: "90", label: "In 90 days" },
  { value: "365", label: "In a year" },
];

interface DialogProps {
  roles: readonly Choice[];
  onClose: () => void;
  onMinted: (minted: MintedApiToken) => void;
}

function MintDialog({ roles, onClose, onMinted }: DialogProps) {
  const form = useRef<HTMLFormElement>(null);
  const [draft, setDraft] = useState({ name: "", role: roles[0]?.value ?? "", ends: "90" });
  const [errors, setErrors] = useState<Record<string, string>>({});
  const change = (part: Partial<typeof draft>) => {
    setDraft({ ...draft, ...part });
  };
  const { run, sending, failure } = useAction(async (input: ApiTokenInput) => {
    onMinted(await api<MintedApiToken>("POST", "/api/api-tokens", input));
  });
  useErrorFocus(form, errors, failure);
  const submit = async () => {
    const { ApiTokenInput } = await import("@/lib/auth/api-token-schema");
    const { name, role, ends } = draft;
    const parsed = ApiTokenInput.safeParse({ name, role, expiresInDays: Number(ends) });
    setErrors(parsed.success ? {} : errorsByField(issuesOf(parsed.error)));
    if (parsed.success) await run(parsed.data);
  };
  const found = { ...errorsByField(failure?.issues ?? []), ...errors };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Mint API token"
      description="It acts as you, with the role that you choose here; when your own role becomes less, so does the token's."
    >
      <form
        ref={form}
        noValidate
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Field label="Name" error={found.name} hint="Where it will be used, such as policy-pipeline">
          {(ids) => (
            <Input
              {...ids}
              value={draft.name}
              onChange={(event) => {
                change({ name: event.target.value });
              }}
            />
          )}
        </Field>
        <div className="grid items-start gap-4 sm:grid-cols-2">
          <Field label="Role" error={found.role} hint="Viewers plan; policy managers also apply">
            {(ids) => (
              <Select
                {...ids}
                value={draft.role}
                onChange={(role) => {
                  change({ role });
                }}
                choices={roles}
              />
            )}
          </Field>
          <Field label="Ends" error={found.expiresInDays}>
            {(ids) => (
              <Select
                {...ids}
                value={draft.ends}
                onChange={(ends) => {
                  change({ ends });
                }}
                choices={endings}
              />
            )}
          </Field>
        </div>
        {failure ? <ErrorNote failure={failure} /> : null}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={sending}>
            {sending ? "Minting…" : "Mint token"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
