"use client";

import { Check, ShieldBan } from "lucide-react";
import Link from "next/link";
import { useId, useRef, useState } from "react";
import { ErrorNote } from "@/components/ui/error-note";
import type { ApiFailure } from "@/components/shell/api";
import { useErrorFocus } from "@/components/shell/use-error-focus";
import { Field } from "@/components/ui/field";
import { GatedButton } from "@/components/ui/gated-button";
import { Input } from "@/components/ui/input";
import { PlainText } from "@/components/ui/plain-text";
import { StateChip } from "@/components/ui/state-chip";
import { Time } from "@/components/ui/time";
import { visibleText } from "@/components/ui/visible-text";
import type { ToolReviewDto } from "@/lib/servers/review-schema";
import { ChangeList, FlagList } from "./change-list";
import { DefinitionLines } from "./definition-lines";
import { needsReason } from "./review-words";

export interface CardProps {
  tool: ToolReviewDto;
  policies: readonly { id: string; name: string }[];
  /** Why this person may not decide; null when they may. */
  refusal: string | null;
  sending: boolean;
  failure: ApiFailure | null;
  decide: (decision: "accept" | "reject", reason: string) => void;
}

function Part({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section className="grid gap-2">
      <h3 className="text-sm font-medium text-ink-soft">{title}</h3>
      {children}
    </section>
  );
}

/** One tool that waits: what changed first, then what is suspicious, whom it concerns, the text, and the decision. */
export function ReviewCard({ tool, policies, refusal, sending, failure, decide }: CardProps) {
  const id = useId();
  const name = visibleText(tool.name);
  return (
    <article aria-labelledby={id} className="min-w-0 rounded-lg border border-line bg-surface">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-2.5">
        <h2 id={id} className="min-w-0 font-mono text-base [overflow-wrap:anywhere]">
          {name}
        </h2>
        <StateChip state="quarantined" word={tool.state === "changed" ? "Changed" : "New"} />
        {tool.isRejected ? <StateChip state="off" word="Left quarantined" /> : null}
        <span className="ml-auto text-sm text-ink-soft">
          seen <Time at={tool.since} form="ago" quiet />
        </span>
      </header>
      <div className="grid gap-4 p-4">
        {tool.changes.length > 0 ? (
          <Part title="What changed">
            <ChangeList changes={tool.changes} />
          </Part>
        ) : (
          <Part title="What it says of itself">
            <p>
              <PlainText text={tool.description || "No description"} />
            </p>
          </Part>
        )}
        {tool.flags.length > 0 ? (
          <Part title="What is suspicious">
            <FlagList flags={tool.flags} />
          </Part>
        ) : null}
        <Part title="Policies that speak of it">
          <Policies policies={policies} />
        </Part>
        <details>
          <summary className="cursor-pointer text-sm font-medium text-ink-soft">
            {tool.state === "changed" ? "The definitions, line by line" : "The definition"}
          </summary>
          <div className="mt-2">
            <DefinitionLines parts={tool.lines} label={`Definition of ${name}`} />
          </div>
        </details>
        {failure ? <ErrorNote failure={failure} /> : null}
        <Decision tool={tool} name={name} refusal={refusal} sending={sending} decide={decide} />
      </div>
    </article>
  );
}

function Policies({ policies }: Pick<CardProps, "policies">) {
  if (policies.length === 0)
    return <p className="text-ink-soft">None by name. Defaults and patterns for all tools apply.</p>;
  return (
    <ul className="flex flex-wrap gap-x-3 gap-y-1">
      {policies.map((policy) => (
        <li key={policy.id} className="min-w-0">
          <Link href={`/policies/${policy.id}`} className="text-accent underline underline-offset-2">
            <PlainText text={policy.name} />
          </Link>
        </li>
      ))}
    </ul>
  );
}

interface DecisionProps extends Pick<CardProps, "tool" | "refusal" | "sending" | "decide"> {
  name: string;
}

function Decision({ tool, name, refusal, sending, decide }: DecisionProps) {
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useErrorFocus(form, missing, null);
  const isAsked = needsReason(tool);
  if (refusal !== null) return <p className="border-t border-line pt-4 text-sm text-ink-soft">{refusal}</p>;
  const accept = () => {
    const lacks = isAsked && reason.trim() === "";
    setMissing(lacks);
    if (!lacks) decide("accept", reason.trim());
  };
  return (
    <form
      ref={form}
      noValidate
      className="flex flex-wrap items-start gap-x-3 gap-y-3 border-t border-line pt-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (!tool.isBlocked) accept();
      }}
    >
      <div className="min-w-0 grow basis-56">
        <Field
          label="Reason"
          optional={!isAsked}
          error={missing ? "Say why you accept what is flagged" : undefined}
          hint="Kept in the audit log."
        >
          {(ids) => (
            <Input
              {...ids}
              maxLength={500}
              value={reason}
              onChange={(event) => {
                setReason(event.target.value);
              }}
            />
          )}
        </Field>
      </div>
      {/* From where both stand in one row, the buttons are level with the field, below its label. */}
      <div className="flex flex-wrap gap-2 sm:mt-6.5">
        {tool.isRejected ? null : (
          <GatedButton
            reason={null}
            disabled={sending}
            aria-label={`Leave ${name} quarantined`}
            onClick={() => {
              decide("reject", reason.trim());
            }}
          >
            <ShieldBan aria-hidden /> Leave quarantined
          </GatedButton>
        )}
        {tool.isBlocked ? null : (
          <GatedButton reason={null} type="submit" look="primary" disabled={sending} aria-label={`Accept ${name}`}>
            <Check aria-hidden /> Accept
          </GatedButton>
        )}
      </div>
    </form>
  );
}
