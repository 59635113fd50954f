"use client";

import { Plus, TriangleAlert } from "lucide-react";
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
import { GatedButton } from "@/components/ui/gated-button";
import { Input } from "@/components/ui/input";
import { Select, type Choice } from "@/components/ui/select";
import type { GrantInput, MintedGrant } from "@/lib/grants/schema";
import { TokenDialog } from "./token-dialog";

export const noPolicy = "none";

export interface GrantChoices {
  servers: readonly Choice[];
  bundles: readonly Choice[];
  policies: readonly Choice[];
}

export function useMintDialog() {
  return useQueryState("dialog", parseAsStringLiteral(["mint"]));
}

/** Opens the mint dialog, which the page keeps elsewhere so that a refresh of the list cannot take the token away. */
export function MintButton({ refusal }: { refusal: string | null }) {
  const [, setDialog] = useMintDialog();
  return (
    <GatedButton look="primary" reason={refusal} onClick={() => void setDialog("mint")}>
      <Plus aria-hidden /> Mint grant
    </GatedButton>
  );
}

/** The mint dialog and, after it, the token. Rendered once per page. */
export function MintGrant({ choices, refusal }: { choices: GrantChoices; refusal: string | null }) {
  const router = useRouter();
  const [dialog, setDialog] = useMintDialog();
  const [minted, setMinted] = useState<MintedGrant | null>(null);
  if (minted) {
    return (
      <TokenDialog
        minted={minted}
        onSaved={() => {
          setMinted(null);
          router.refresh();
        }}
      />
    );
  }
  if (dialog === null || refusal !== null) return null;
  return (
    <MintDialog
      choices={choices}
      onClose={() => void setDialog(null)}
      onMinted={(grant) => {
        setMinted(grant);
        void setDialog(null);
      }}
    />
  );
}

const endings: readonly Choice[] = [
  { value: "30", label: "In 30 days" },
  { value: "90", label: "In 90 days" },
  { value: "365", label: "In a year" },
  { value: "never", label: "Never" },
];

interface DialogProps {
  choices: GrantChoices;
  onClose: () => void;
  onMinted: (minted: MintedGrant) => void;
}

function MintDialog({ choices, onClose, onMinted }: DialogProps) {
  const form = useRef<HTMLFormElement>(null);
  const reaches = reachChoices(choices);
  const [draft, setDraft] = useState({
    label: "",
    reach: choices.servers.length + choices.bundles.length === 1 ? (reaches[0]?.value ?? "") : "",
    policyId: choices.policies.length === 1 ? (choices.policies[0]?.value ?? noPolicy) : noPolicy,
    tags: "",
    ends: "90",
  });
  const [errors, setErrors] = useState<Record<string, string>>({});
  const change = (part: Partial<typeof draft>) => {
    setDraft({ ...draft, ...part });
  };
  const { run, sending, failure } = useAction(async (input: GrantInput) => {
    onMinted(await api<MintedGrant>("POST", "/api/grants", input));
  });
  useErrorFocus(form, errors, failure);
  const isBundle = draft.reach.startsWith(bundleMark);
  const submit = async () => {
    const { GrantInput } = await import("@/lib/grants/schema");
    const parsed = GrantInput.safeParse({
      label: draft.label,
      ...(isBundle ? { bundleId: draft.reach.slice(bundleMark.length) } : { serverId: draft.reach }),
      policyId: isBundle || draft.policyId === noPolicy ? null : draft.policyId,
      tags: draft.tags.split(",").flatMap((tag) => (tag.trim() === "" ? [] : [tag.trim()])),
      expiresInDays: draft.ends === "never" ? null : Number(draft.ends),
    });
    setErrors(parsed.success ? {} : errorsByField(issuesOf(parsed.error)));
    if (parsed.success) await run(parsed.data);
  };
  const found = { ...errorsByField(failure?.issues ?? []), ...errors };
  const tagError = Object.entries(found).find(([path]) => path.startsWith("tags"))?.[1];
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Mint grant"
      description="A grant is one agent's token for one server, judged by one policy, or for a bundle of servers."
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
        <Field label="Label" error={found.label} hint="Who or what will use it, such as support-bot">
          {(ids) => (
            <Input
              {...ids}
              value={draft.label}
              onChange={(event) => {
                change({ label: event.target.value });
              }}
            />
          )}
        </Field>
        <Field
          label="Server or bundle"
          error={found.serverId || found.bundleId ? "Choose a server or a bundle" : undefined}
        >
          {(ids) => (
            <Select
              {...ids}
              value={draft.reach}
              onChange={(reach) => {
                change({ reach });
              }}
              choices={reaches}
              placeholder="Choose a server or a bundle"
            />
          )}
        </Field>
        {isBundle ? (
          <p className="text-sm text-ink-soft">Each server of the bundle is judged by its own policy.</p>
        ) : (
          <Field label="Policy">
            {(ids) => (
              <Select
                {...ids}
                value={draft.policyId}
                onChange={(policyId) => {
                  change({ policyId });
                }}
                choices={[...choices.policies, { value: noPolicy, label: "None yet" }]}
              />
            )}
          </Field>
        )}
        {!isBundle && draft.policyId === noPolicy ? <NoPolicyWarning /> : null}
        <MoreFields draft={draft} tagError={tagError} onChange={change} />
        {failure ? <ErrorNote failure={failure} /> : null}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={sending}>
            {sending ? "Minting…" : "Mint grant"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface MoreFieldsProps {
  draft: { tags: string; ends: string };
  tagError: string | undefined;
  onChange: (part: { tags?: string; ends?: string }) => void;
}

function MoreFields({ draft, tagError, onChange }: MoreFieldsProps) {
  return (
    <div className="grid items-start gap-4 sm:grid-cols-2">
      <Field label="Tags" optional error={tagError} hint="Separated by commas">
        {(ids) => (
          <Input
            {...ids}
            value={draft.tags}
            onChange={(event) => {
              onChange({ tags: event.target.value });
            }}
          />
        )}
      </Field>
      <Field label="Ends">
        {(ids) => (
          <Select
            {...ids}
            value={draft.ends}
            onChange={(ends) => {
              onChange({ ends });
            }}
            choices={endings}
          />
        )}
      </Field>
    </div>
  );
}

/** Stands before a bundle's id in the one list of servers and bundles. */
const bundleMark = "bundle:";

function reachChoices({ servers, bundles }: GrantChoices): Choice[] {
  const marked = bundles.map(({ value, label }) => ({ value: bundleMark + value, label: `${label} (bundle)` }));
  return [...servers, ...marked];
}

export function NoPolicyWarning() {
  return (
    <p className="flex items-start gap-2 rounded-md bg-amber-soft px-3 py-2 text-sm text-amber">
      <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
      Without a policy this grant denies everything.
    </p>
  );
}
