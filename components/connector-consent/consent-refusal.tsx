import { CircleAlert } from "lucide-react";
import { buttonLook } from "@/components/ui/button";
import { visibleText } from "@/components/ui/visible-text";
import type { Consent } from "@/lib/grants/connector-schema";
import { problemWords } from "./client-words";

/** Why nothing can be approved. Leads back to the client only when it is certain who that is. */
export function ConsentRefusal({ consent }: { consent: Extract<Consent, { kind: "refused" }> }) {
  const { title, text } = problemWords[consent.problem];
  return (
    <div className="grid gap-4">
      <h1 className="text-xl [overflow-wrap:anywhere]">{title}</h1>
      <p className="text-base text-ink-soft">{text}</p>
      {consent.description === "" ? null : (
        <p className="flex items-start gap-2 rounded-md border border-line bg-sunken px-3 py-2 text-sm [overflow-wrap:anywhere]">
          <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-ink-soft" />
          {visibleText(consent.description)}
        </p>
      )}
      {consent.client && consent.returnTo !== null ? (
        <a href={consent.returnTo} className={buttonLook({ className: "w-fit max-w-full" })}>
          <span className="truncate">Back to {visibleText(consent.client.name)}</span>
        </a>
      ) : null}
    </div>
  );
}
