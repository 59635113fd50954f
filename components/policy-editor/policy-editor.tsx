"use client";

import { GitCompare, Send } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { toast } from "sonner";
import { api, isApiCode } from "@/components/shell/api";
import { useAction } from "@/components/shell/use-action";
import { Button } from "@/components/ui/button";
import { GatedButton } from "@/components/ui/gated-button";
import { Panel } from "@/components/ui/panel";
import { PlainText } from "@/components/ui/plain-text";
import type { PolicyDto } from "@/lib/policies/schema";
import { ConflictDialog } from "./conflict-dialog";
import { PolicyText } from "./policy-text";
import { PublishDialog } from "./publish-dialog";
import { errorCount, useProblems } from "./use-problems";
import { usePolicyDraft } from "./use-policy-draft";
import { useSaveKey } from "./use-save-key";
import { useUnsaved } from "./use-unsaved";
import { VersionDialog, VersionList, type ShownVersion } from "./version-list";

interface Props {
  policy: PolicyDto;
  shown: ShownVersion | null;
  /** Why this person may not publish; null when they may. */
  refusal: string | null;
}

type Open = { kind: "publish"; reason: string } | { kind: "conflict" } | null;

/** The policy's YAML with its findings, publishing, and its versions. */
export function PolicyEditor({ policy, shown, refusal }: Props) {
  const router = useRouter();
  const draft = usePolicyDraft(policy);
  const findings = useProblems(draft.text);
  const errors = errorCount(findings.problems);
  const [open, setOpen] = useState<Open>(null);
  const live = policy.liveVersion === null ? null : { version: policy.liveVersion, text: policy.text };
  useUnsaved(draft.unsaved && refusal === null);
  const publish = useAction(async (baseVersion: number | null, reason: string) => {
    const body = { baseVersion, text: draft.text, reason };
    try {
      const next = await api<PolicyDto>("POST", `/api/policies/${policy.id}/publish`, body);
      draft.rebase({ version: next.liveVersion, text: next.text });
      setOpen(null);
      toast.success(`Version ${String(next.liveVersion)} is live. It governs the next call.`);
      router.refresh();
    } catch (error) {
      if (!isApiCode(error, "conflict")) throw error;
      setOpen({ kind: "conflict" });
      router.refresh();
    }
  });
  const ask = (reason = "") => {
    if (refusal !== null) return;
    publish.clear();
    setOpen({ kind: "publish", reason });
  };
  useSaveKey(() => {
    if (open === null) ask();
  });
  return (
    <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_300px]">
      <div className="grid min-w-0 gap-3">
        <Toolbar
          said={draft.unsaved ? "Changes not published" : live ? "As published" : "Nothing published yet"}
          newer={draft.behind ? (live?.version ?? null) : null}
          onCompare={() => {
            setOpen({ kind: "conflict" });
          }}
          refusal={refusal}
          unsaved={draft.unsaved}
          onPublish={() => {
            ask();
          }}
        />
        <PolicyText
          value={draft.text}
          onChange={draft.setText}
          onSave={ask}
          readOnly={refusal !== null}
          findings={findings}
          label={`Policy ${policy.name}`}
        />
      </div>
      <div className="grid gap-4">
        <Panel title="Versions" bodyClassName="p-0">
          <VersionList policy={policy} />
        </Panel>
        <Panel title="Used by" bodyClassName="p-0">
          <GrantNames grants={policy.grants} />
        </Panel>
      </div>
      {open?.kind === "publish" ? (
        <PublishDialog
          version={(draft.base.version ?? 0) + 1}
          errors={errors}
          grantCount={policy.grants.length}
          reason={open.reason}
          sending={publish.sending}
          failure={publish.failure}
          onPublish={(reason) => void publish.run(draft.base.version, reason)}
          onClose={() => {
            setOpen(null);
          }}
        />
      ) : null}
      {open?.kind === "conflict" ? (
        <ConflictDialog
          mine={draft.text}
          theirs={live && live.version !== draft.base.version ? live : null}
          sending={publish.sending}
          failure={publish.failure}
          onTakeTheirs={() => {
            if (live) draft.rebase(live);
            setOpen(null);
          }}
          onPublishMine={() => {
            if (live) void publish.run(live.version, `Published over version ${String(live.version)}`);
          }}
          onClose={() => {
            setOpen(null);
          }}
        />
      ) : null}
      {shown ? (
        <VersionDialog
          policy={policy}
          shown={shown}
          refusal={refusal}
          onRestore={(version) => {
            draft.setText(version.text);
            ask(`Restore version ${String(version.version)}`);
          }}
        />
      ) : null}
    </div>
  );
}

function GrantNames({ grants }: { grants: PolicyDto["grants"] }) {
  if (grants.length === 0) return <p className="px-4 py-4 text-sm text-ink-soft">No grant uses this policy.</p>;
  return (
    <ul className="divide-y divide-line">
      {grants.map((grant) => (
        <li key={grant.id} className="px-4 py-2 text-sm">
          <PlainText text={grant.label} />
        </li>
      ))}
    </ul>
  );
}

interface ToolbarProps {
  said: string;
  /** A version that someone else published while this draft was open. */
  newer: number | null;
  onCompare: () => void;
  refusal: string | null;
  unsaved: boolean;
  onPublish: () => void;
}

function Toolbar({ said, newer, onCompare, refusal, unsaved, onPublish }: ToolbarProps) {
  return (
    <div className="flex min-h-8 flex-wrap items-center gap-x-3 gap-y-2">
      <p role="status" className="text-sm text-ink-soft">
        {said}
      </p>
      {newer === null ? null : (
        <Button size="sm" onClick={onCompare}>
          <GitCompare aria-hidden /> v{newer} was published meanwhile
        </Button>
      )}
      <span className="ml-auto">
        <GatedButton look="primary" reason={refusal} disabled={!unsaved} onClick={onPublish}>
          <Send aria-hidden /> Publish…
        </GatedButton>
      </span>
    </div>
  );
}
