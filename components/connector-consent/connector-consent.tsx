"use client";

import { Info } from "lucide-react";
import type { ReactNode } from "react";
import { buttonLook } from "@/components/ui/button";
import { visibleText } from "@/components/ui/visible-text";
import type { Choice } from "@/components/ui/select";
import type { Consent } from "@/lib/grants/connector-schema";
import { ApproveForm } from "./approve-form";
import { cautionWords, placeWords, trustWords } from "./client-words";

interface Props {
  consent: Extract<Consent, { kind: "ask" }>;
  /** The query of the authorisation request. */
  request: string;
  policies: readonly Choice[];
  /** Name and e-mail address of who is signed in. */
  person: { name: string; email: string };
  mayApprove: boolean;
}

function Fact({ label, note, children }: { label: string; note?: ReactNode; children: ReactNode }) {
  return (
    <div className="grid gap-0.5 px-4 py-3 sm:grid-cols-[7rem_1fr] sm:gap-4">
      <dt className="text-sm text-ink-soft">{label}</dt>
      <dd className="min-w-0 text-base [overflow-wrap:anywhere]">
        {children}
        {note ? <span className="block text-sm text-ink-soft">{note}</span> : null}
      </dd>
    </div>
  );
}

/** Who wants to use what, and the one decision about it. */
export function ConnectorConsent({ consent, request, policies, person, mayApprove }: Props) {
  const { client, target, cancelTo } = consent;
  const name = visibleText(client.name);
  const caution = cautionWords(client);
  return (
    <div className="grid gap-5">
      <div className="grid gap-1">
        <h1 className="text-xl [overflow-wrap:anywhere]">Connect {name}?</h1>
        <p className="text-base text-ink-soft [overflow-wrap:anywhere]">
          It asks to call the tools of <b className="font-medium text-ink">{visibleText(target.name)}</b> through
          PolicyLayer.
        </p>
      </div>
      <dl className="divide-y divide-line rounded-lg border border-line bg-surface">
        <Fact label="Client" note={trustWords(client)}>
          {name}
        </Fact>
        <Fact label="Answer goes to" note={caution}>
          {placeWords(client)}
        </Fact>
        <Fact label={target.kind === "bundle" ? "Bundle" : "Server"}>{visibleText(target.name)}</Fact>
        <Fact label="Signed in as" note={visibleText(person.email)}>
          {visibleText(person.name)}
        </Fact>
      </dl>
      {mayApprove ? (
        <ApproveForm consent={consent} request={request} policies={policies} person={person.name} />
      ) : (
        <NotYours admins={consent.admins} cancelTo={cancelTo} client={name} />
      )}
    </div>
  );
}

function NotYours({ admins, cancelTo, client }: { admins: readonly string[]; cancelTo: string; client: string }) {
  const names = admins.map(visibleText).join(", ");
  return (
    <div className="grid gap-4">
      <p className="flex items-start gap-2 rounded-md border border-line bg-sunken px-3 py-2 text-base [overflow-wrap:anywhere]">
        <Info aria-hidden className="mt-1 size-4 shrink-0 text-ink-soft" />
        <span>
          Your role does not allow this: only admins hand a grant to a client. Ask{" "}
          {admins.length > 1 ? "one of them" : "them"}
          {names === "" ? "" : `: ${names}`}. An admin can approve it in this browser, or mint a grant token for a
          client that takes one.
        </span>
      </p>
      <a href={cancelTo} className={buttonLook({ className: "w-fit max-w-full" })}>
        <span className="truncate">Back to {client}</span>
      </a>
    </div>
  );
}
