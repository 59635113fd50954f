"use client";

import { useRouter } from "next/navigation";
import { useRef, useState } from "react";
import { toast } from "sonner";
import { api } from "@/components/shell/api";
import { errorsByField, issuesOf } from "@/components/shell/form-errors";
import { useAction } from "@/components/shell/use-action";
import { useErrorFocus } from "@/components/shell/use-error-focus";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { Dialog } from "@/components/ui/dialog";
import { ErrorNote } from "@/components/ui/error-note";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Select, type Choice } from "@/components/ui/select";
import type { BundleDto, BundleMemberDto, MemberInput, PrefixInput } from "@/lib/bundles/schema";
import { noPolicy } from "./member-table";
import { prefixFrom } from "./prefix-from";

interface AddProps {
  bundle: BundleDto;
  /** Servers that are not in it. */
  servers: readonly Choice[];
  policies: readonly Choice[];
  onClose: () => void;
}

/** A server joins: which one, under which prefix, judged by which policy. */
export function AddMemberDialog({ bundle, servers, policies, onClose }: AddProps) {
  const router = useRouter();
  const form = useRef<HTMLFormElement>(null);
  const [draft, setDraft] = useState({ serverId: "", prefix: "", policyId: noPolicy });
  const [errors, setErrors] = useState<Record<string, string>>({});
  const { run, sending, failure } = useAction(async (input: MemberInput) => {
    await api("POST", `/api/bundles/${bundle.id}/members`, input);
    onClose();
    router.refresh();
  });
  useErrorFocus(form, errors, failure);
  const submit = async () => {
    const { MemberInput } = await import("@/lib/bundles/schema");
    const { serverId, prefix, policyId } = draft;
    const parsed = MemberInput.safeParse({ serverId, prefix, policyId: policyId === noPolicy ? null : policyId });
    setErrors(parsed.success ? {} : errorsByField(issuesOf(parsed.error)));
    if (parsed.success) await run(parsed.data);
  };
  const found = { ...errorsByField(failure?.issues ?? []), ...errors };
  const choose = (serverId: string) => {
    const name = servers.find(({ value }) => value === serverId)?.label ?? "";
    setDraft({ ...draft, serverId, prefix: draft.prefix === "" ? prefixFrom(name) : draft.prefix });
  };
  return (
    <Dialog open onOpenChange={onClose} title="Add server" description="Its tools and prompts join this bundle.">
      <form
        ref={form}
        noValidate
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Field
          label="Server"
          error={found.serverId ? (errors.serverId ? "Choose a server" : found.serverId) : undefined}
        >
          {(ids) => (
            <Select
              {...ids}
              value={draft.serverId}
              choices={servers}
              placeholder={servers.length === 0 ? "Every server is in it already" : "Choose a server"}
              onChange={choose}
            />
          )}
        </Field>
        <PrefixField
          value={draft.prefix}
          error={found.prefix}
          onChange={(prefix) => {
            setDraft({ ...draft, prefix });
          }}
        />
        <Field
          label="Policy"
          hint={draft.policyId === noPolicy ? "Without one every call to it is denied." : undefined}
        >
          {(ids) => (
            <Select
              {...ids}
              value={draft.policyId}
              choices={[...policies, { value: noPolicy, label: "None yet" }]}
              onChange={(policyId) => {
                setDraft({ ...draft, policyId });
              }}
            />
          )}
        </Field>
        {failure ? <ErrorNote failure={failure} /> : null}
        <DialogEnd verb="Add server" sending={sending} onClose={onClose} />
      </form>
    </Dialog>
  );
}

interface MemberProps {
  bundle: BundleDto;
  member: BundleMemberDto;
  onClose: () => void;
}

export function PrefixDialog({ bundle, member, onClose }: MemberProps) {
  const router = useRouter();
  const form = useRef<HTMLFormElement>(null);
  const [prefix, setPrefix] = useState(member.prefix);
  const [errors, setErrors] = useState<Record<string, string>>({});
  const { run, sending, failure } = useAction(async (input: PrefixInput) => {
    await api("PATCH", `/api/bundles/${bundle.id}/members/${member.server.id}`, input);
    onClose();
    router.refresh();
  });
  useErrorFocus(form, errors, failure);
  const submit = async () => {
    const { PrefixInput } = await import("@/lib/bundles/schema");
    const parsed = PrefixInput.safeParse({ prefix });
    setErrors(parsed.success ? {} : errorsByField(issuesOf(parsed.error)));
    if (parsed.success) await run(parsed.data);
  };
  const found = { ...errorsByField(failure?.issues ?? []), ...errors };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`Prefix of ${member.server.name}`}
      description="Agents know the tools by these names: a new prefix makes the old names unknown at once."
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
        <PrefixField value={prefix} error={found.prefix} onChange={setPrefix} />
        {failure ? <ErrorNote failure={failure} /> : null}
        <DialogEnd verb="Save" sending={sending} onClose={onClose} />
      </form>
    </Dialog>
  );
}

export function RemoveDialog({ bundle, member, onClose }: MemberProps) {
  const router = useRouter();
  const { run, sending, failure } = useAction(async () => {
    await api("DELETE", `/api/bundles/${bundle.id}/members/${member.server.id}`);
    toast.success(`Removed ${member.server.name}.`);
    onClose();
    router.refresh();
  });
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Remove ${member.server.name}?`}
      consequence="Its tools are unknown in this bundle from the next call on. The server itself stays, and so do its own grants."
      verb="Remove server"
      sending={sending}
      failure={failure}
      onConfirm={() => void run()}
    />
  );
}

interface PrefixProps {
  value: string;
  error: string | undefined;
  onChange: (prefix: string) => void;
}

function PrefixField({ value, error, onChange }: PrefixProps) {
  return (
    <Field label="Prefix" error={error} hint={`Agents see ${value === "" ? "prefix" : value}__tool`}>
      {(ids) => (
        <Input
          {...ids}
          className="font-mono"
          autoComplete="off"
          value={value}
          onChange={(event) => {
            onChange(event.target.value);
          }}
        />
      )}
    </Field>
  );
}

function DialogEnd({ verb, sending, onClose }: { verb: string; sending: boolean; onClose: () => void }) {
  return (
    <div className="flex justify-end gap-2">
      <Button onClick={onClose}>Cancel</Button>
      <Button type="submit" look="primary" disabled={sending}>
        {verb}
      </Button>
    </div>
  );
}
