"use client";

import { CircleCheck, TriangleAlert } from "lucide-react";
import { useRef, useState } from "react";
import { api, isApiCode } from "@/components/shell/api";
import { errorsByField, issuesOf } from "@/components/shell/form-errors";
import { useAction } from "@/components/shell/use-action";
import { useErrorFocus } from "@/components/shell/use-error-focus";
import { Button, buttonLook } from "@/components/ui/button";
import { ErrorNote } from "@/components/ui/error-note";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Select, type Choice } from "@/components/ui/select";
import { useHydrated } from "@/components/ui/time";
import { visibleText } from "@/components/ui/visible-text";
import type { Approved, ApproveInput, Consent } from "@/lib/grants/connector-schema";
import { labelFor } from "./client-words";

const fresh = "new";
const noPolicy = "none";
const endings: readonly Choice[] = [
  { value: "30", label: "In 30 days" },
  { value: "90", label: "In 90 days" },
  { value: "365", label: "In a year" },
  { value: "never", label: "Never" },
];

interface Props {
  consent: Extract<Consent, { kind: "ask" }>;
  request: string;
  policies: readonly Choice[];
  person: string;
}

interface Draft {
  grant: string;
  label: string;
  policyId: string;
  ends: string;
}

function toInput(request: string, draft: Draft, isBundle: boolean): unknown {
  if (draft.grant !== fresh) return { request, grant: { kind: "existing", grantId: draft.grant } };
  const policyId = isBundle || draft.policyId === noPolicy ? null : draft.policyId;
  const expiresInDays = draft.ends === "never" ? null : Number(draft.ends);
  return { request, grant: { kind: "new", label: draft.label, policyId, expiresInDays } };
}

function grantChoices({ grants, target }: Props["consent"]): Choice[] {
  const policyOf = (name: string | undefined) => {
    if (target.kind === "bundle") return "the bundle's policies";
    return name === undefined ? "no policy: denies everything" : visibleText(name);
  };
  const existing = grants.map(({ id, label, policy, expiresAt }) => ({
    value: id,
    label: visibleText(label),
    note: `${policyOf(policy?.name)}, ${expiresAt === null ? "no end" : `ends ${expiresAt.slice(0, 10)}`}`,
  }));
  return [{ value: fresh, label: "A new grant, for this client only" }, ...existing];
}

/** The choice of the grant, and Approve or Cancel. After approval the browser goes to the client. */
export function ApproveForm({ consent, request, policies, person }: Props) {
  const form = useRef<HTMLFormElement>(null);
  const hydrated = useHydrated();
  const isBundle = consent.target.kind === "bundle";
  const client = visibleText(consent.client.name);
  const [draft, setDraft] = useState<Draft>({
    grant: fresh,
    label: labelFor(consent.client.name, person),
    policyId: policies.length === 1 ? (policies[0]?.value ?? noPolicy) : noPolicy,
    ends: "90",
  });
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [done, setDone] = useState<string | null>(null);
  const { run, sending, failure } = useAction(async (input: ApproveInput) => {
    try {
      const { redirectTo } = await api<Approved>("POST", "/api/connectors", input);
      setDone(redirectTo);
      window.location.assign(redirectTo);
    } catch (error) {
      // The sign-in page leads back here.
      if (isApiCode(error, "unauthenticated")) window.location.reload();
      throw error;
    }
  });
  useErrorFocus(form, errors, failure);
  if (done !== null) return <Done client={client} href={done} />;
  const change = (part: Partial<Draft>) => {
    setDraft({ ...draft, ...part });
  };
  const submit = async () => {
    const { ApproveInput } = await import("@/lib/grants/connector-schema");
    const parsed = ApproveInput.safeParse(toInput(request, draft, isBundle));
    setErrors(parsed.success ? {} : errorsByField(issuesOf(parsed.error)));
    if (parsed.success) await run(parsed.data);
  };
  const found = { ...errorsByField(failure?.issues ?? []), ...errors };
  return (
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
        label="Grant to hand over"
        error={found["grant.grantId"]}
        hint="Its policy judges every call of the client."
      >
        {(ids) => (
          <Select
            {...ids}
            value={draft.grant}
            choices={grantChoices(consent)}
            onChange={(grant) => {
              change({ grant });
            }}
          />
        )}
      </Field>
      {draft.grant === fresh ? (
        <FreshGrant draft={draft} change={change} policies={isBundle ? null : policies} error={found["grant.label"]} />
      ) : null}
      {failure ? <ErrorNote failure={failure} /> : null}
      <p className="text-sm text-ink-soft">
        Access lasts until you disconnect {client} on the grant&apos;s page, or the grant ends. The client never sees
        the grant&apos;s own token.
      </p>
      <div className="flex flex-wrap justify-end gap-2">
        <a href={consent.cancelTo} className={buttonLook()}>
          Cancel
        </a>
        <Button type="submit" look="primary" disabled={sending || !hydrated}>
          {sending ? "Approving…" : "Approve"}
        </Button>
      </div>
    </form>
  );
}

interface FreshProps {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  /** Null in a bundle, where each server has its own policy. */
  policies: readonly Choice[] | null;
  error: string | undefined;
}

function FreshGrant({ draft, change, policies, error }: FreshProps) {
  return (
    <fieldset className="grid gap-4 border-l-2 border-line pl-4">
      <legend className="sr-only">The new grant</legend>
      <Field label="Label" error={error}>
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
      <div className="grid items-start gap-4 sm:grid-cols-2">
        {policies === null ? null : (
          <Field label="Policy">
            {(ids) => (
              <Select
                {...ids}
                value={draft.policyId}
                choices={[...policies, { value: noPolicy, label: "None yet" }]}
                onChange={(policyId) => {
                  change({ policyId });
                }}
              />
            )}
          </Field>
        )}
        <Field label="Ends">
          {(ids) => (
            <Select
              {...ids}
              value={draft.ends}
              choices={endings}
              onChange={(ends) => {
                change({ ends });
              }}
            />
          )}
        </Field>
      </div>
      {policies !== null && draft.policyId === noPolicy ? (
        <p className="flex items-start gap-2 rounded-md bg-amber-soft px-3 py-2 text-sm text-amber">
          <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
          Without a policy this grant denies everything.
        </p>
      ) : null}
    </fieldset>
  );
}

function Done({ client, href }: { client: string; href: string }) {
  return (
    <div role="status" className="grid gap-3 rounded-lg border border-line bg-surface px-4 py-3">
      <p className="flex items-start gap-2 text-base [overflow-wrap:anywhere]">
        <CircleCheck aria-hidden className="mt-1 size-4 shrink-0 text-green" />
        Approved. {client} takes over; you can close this page then.
      </p>
      <a href={href} className={buttonLook({ className: "w-fit max-w-full" })}>
        <span className="truncate">Open {client} by hand</span>
      </a>
    </div>
  );
}
