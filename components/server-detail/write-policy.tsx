"use client";

import { useQuery } from "@tanstack/react-query";
import { FilePlus2 } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { api, failureOf } from "@/components/shell/api";
import { leavePolicyDraft } from "@/components/shell/policy-draft";
import { Button } from "@/components/ui/button";
import { cn } from "@/components/ui/cn";
import { CodeBlock } from "@/components/ui/code-block";
import { Dialog } from "@/components/ui/dialog";
import { ErrorNote } from "@/components/ui/error-note";
import { GatedButton } from "@/components/ui/gated-button";
import { Skeleton } from "@/components/ui/skeleton";
import { visibleText } from "@/components/ui/visible-text";
import type { ServerDto } from "@/lib/servers/schema";

interface Props {
  server: ServerDto;
  /** Why this person may not publish policies; null when they may. */
  refusal: string | null;
}

const starts = [
  { id: "scaffold", label: "Scaffold", note: "Lists every tool and allows it; what is not listed is denied." },
  {
    id: "safe",
    label: "Safe start",
    note: "A starter rule by risk: medium and high 30 calls a minute, critical waits for a person.",
  },
] as const;
type Start = (typeof starts)[number];

/** From the tools of a server to a first policy: choose, look, open in the editor. Nothing goes live here. */
export function WritePolicy({ server, refusal }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button
        size="sm"
        onClick={() => {
          setOpen(true);
        }}
      >
        <FilePlus2 aria-hidden /> Write a policy
      </Button>
      {open ? (
        <WritePolicyDialog
          server={server}
          refusal={refusal}
          onClose={() => {
            setOpen(false);
          }}
        />
      ) : null}
    </>
  );
}

function WritePolicyDialog({ server, refusal, onClose }: Props & { onClose: () => void }) {
  const router = useRouter();
  const [start, setStart] = useState<Start>(starts[0]);
  const query = useQuery({
    queryKey: ["scaffold", server.id, start.id],
    queryFn: () =>
      api<{ text: string }>("GET", `/api/servers/${server.id}/scaffold?safe=${String(start.id === "safe")}`),
    gcTime: 0,
  });
  return (
    <Dialog
      open
      onOpenChange={onClose}
      width="lg"
      title="Write a policy"
      description={`From the tools of ${visibleText(server.name)}. It opens as a draft; nothing goes live yet.`}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <GatedButton
            look="primary"
            reason={refusal}
            disabled={query.data === undefined}
            onClick={() => {
              if (!query.data) return;
              leavePolicyDraft({ label: start.label, note: `From ${visibleText(server.name)}`, text: query.data.text });
              router.push("/policies/new");
            }}
          >
            Open in the editor
          </GatedButton>
        </>
      }
    >
      <div className="grid gap-4">
        <fieldset>
          <legend className="mb-1.5 text-sm font-medium">Start from</legend>
          <div className="grid gap-2 sm:grid-cols-2">
            {starts.map((item) => (
              <label
                key={item.id}
                className={cn(
                  "flex items-start gap-2.5 rounded-md border bg-surface px-3 py-2",
                  item.id === start.id ? "border-accent" : "border-line hover:bg-hover",
                )}
              >
                <input
                  type="radio"
                  name="start"
                  className="mt-1 accent-accent"
                  checked={item.id === start.id}
                  onChange={() => {
                    setStart(item);
                  }}
                />
                <span className="min-w-0">
                  <span className="block font-medium">{item.label}</span>
                  <span className="block text-sm text-ink-soft">{item.note}</span>
                </span>
              </label>
            ))}
          </div>
        </fieldset>
        {query.error ? <ErrorNote failure={failureOf(query.error)} onRetry={() => void query.refetch()} /> : null}
        {query.data ? (
          <CodeBlock title="Preview" text={query.data.text} />
        ) : query.error ? null : (
          <Skeleton className="h-72" />
        )}
      </div>
    </Dialog>
  );
}
