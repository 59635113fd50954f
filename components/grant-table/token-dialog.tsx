"use client";

import { ExternalLink } from "lucide-react";
import { useEffect } from "react";
import { Button, buttonLook } from "@/components/ui/button";
import { CodeBlock } from "@/components/ui/code-block";
import { CopyButton } from "@/components/ui/copy-button";
import { Dialog } from "@/components/ui/dialog";
import { Tabs } from "@/components/ui/tabs";
import type { MintedGrant } from "@/lib/grants/schema";
import { clientGuides, connectionName, type ClientGuide } from "./client-snippets";
import { reachOf } from "./reach";

function Guide({ guide }: { guide: ClientGuide }) {
  return (
    <div className="grid gap-3">
      {guide.snippets.map((snippet) => (
        <CodeBlock key={snippet.title} title={snippet.title} text={snippet.text} />
      ))}
      {guide.note ? <p className="text-sm text-ink-soft">{guide.note}</p> : null}
      {guide.deepLink ? (
        <a href={guide.deepLink.href} className={buttonLook({ className: "w-fit" })}>
          <ExternalLink aria-hidden /> {guide.deepLink.label}
        </a>
      ) : null}
    </div>
  );
}

/** The token of a new grant, shown this once. Only "I saved it" closes; leaving the page asks first. */
export function TokenDialog({ minted, onSaved }: { minted: MintedGrant; onSaved: () => void }) {
  const { grant, token } = minted;
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => {
      event.preventDefault();
    };
    window.addEventListener("beforeunload", ask);
    return () => {
      window.removeEventListener("beforeunload", ask);
    };
  }, []);
  const guides = clientGuides({ name: connectionName(reachOf(grant).name), mcpUrl: grant.mcpUrl, token });
  return (
    <Dialog
      open
      locked
      width="lg"
      onOpenChange={() => undefined}
      title={`Token of ${grant.label}`}
      description="Copy it now. It is shown this once and cannot be read again."
      footer={
        <Button look="primary" onClick={onSaved}>
          I saved it
        </Button>
      }
    >
      <div className="grid gap-5">
        <div className="flex flex-wrap items-center gap-2 rounded-md border border-line-strong bg-sunken px-3 py-2">
          <code data-testid="grant-token" className="min-w-0 grow basis-52 font-mono text-sm [overflow-wrap:anywhere]">
            {token}
          </code>
          <CopyButton text={token} label="Copy token" words="Copy token" />
        </div>
        <Tabs
          label="Client"
          tabs={guides.map((guide) => ({ value: guide.client, label: guide.label, content: <Guide guide={guide} /> }))}
        />
      </div>
    </Dialog>
  );
}
