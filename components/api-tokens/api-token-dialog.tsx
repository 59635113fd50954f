"use client";

import { useEffect } from "react";
import { Button } from "@/components/ui/button";
import { CodeBlock } from "@/components/ui/code-block";
import { CopyButton } from "@/components/ui/copy-button";
import { Dialog } from "@/components/ui/dialog";
import { visibleText } from "@/components/ui/visible-text";
import type { MintedApiToken } from "@/lib/auth/api-token-schema";
import { curlSnippet, planSnippet } from "./plan-snippet";

interface Props {
  minted: MintedApiToken;
  consoleUrl: string;
  onSaved: () => void;
}

/** A new API token, shown this once. Only "I saved it" closes; leaving the page asks first. */
export function ApiTokenDialog({ minted, consoleUrl, onSaved }: Props) {
  const { apiToken, token } = minted;
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => {
      event.preventDefault();
    };
    window.addEventListener("beforeunload", ask);
    return () => {
      window.removeEventListener("beforeunload", ask);
    };
  }, []);
  return (
    <Dialog
      open
      locked
      width="lg"
      onOpenChange={() => undefined}
      title={`Token of ${visibleText(apiToken.name)}`}
      description="Copy it now. It is shown this once and cannot be read again."
      footer={
        <Button look="primary" onClick={onSaved}>
          I saved it
        </Button>
      }
    >
      <div className="grid gap-5">
        <div className="flex flex-wrap items-center gap-2 rounded-md border border-line-strong bg-sunken px-3 py-2">
          <code data-testid="api-token" className="min-w-0 grow basis-52 font-mono text-sm [overflow-wrap:anywhere]">
            {token}
          </code>
          <CopyButton text={token} label="Copy token" words="Copy token" />
        </div>
        <div className="grid gap-3">
          <CodeBlock title="Compare a policy file with what is live" text={planSnippet(consoleUrl, token)} />
          <CodeBlock title="Try it with curl" text={curlSnippet(consoleUrl, token)} />
          <p className="text-sm text-ink-soft">
            In a pipeline keep the token in a secret variable: commands that hold it end up in histories and logs.
          </p>
        </div>
      </div>
    </Dialog>
  );
}
