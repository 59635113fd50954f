"use client";

import { useRouter } from "next/navigation";
import { useState, type ReactNode } from "react";
import { toast } from "sonner";
import { api, isApiCode } from "@/components/shell/api";
import { useAction } from "@/components/shell/use-action";
import type { PolicyDto } from "@/lib/policies/schema";
import type { KnownTool } from "@/lib/policy/check";
import { ConflictDialog } from "./conflict-dialog";
import { DraftPanels } from "./draft-panels";
import { useDraftStore } from "./policy-draft";
import { PolicyText } from "./policy-text";
import { PublishDialog } from "./publish-dialog";
import type { Jump } from "./text-editor";
import { Toolbar } from "./toolbar";
import { useProblems } from "./use-problems";
import { usePolicyDraft } from "./use-policy-draft";
import { useSaveKey } from "./use-save-key";
import { useTestRun } from "./use-test-run";

/** What a panel beside the editor may know of the draft and do with it. */
export interface DraftView {
  text: string;
  /** Replaces the draft, as an edit that can be undone. */
  onText: (text: string) => void;
}

interface Props {
  policy: PolicyDto;
  tools: readonly KnownTool[];
  /** Why this person may not publish; null when they may. */
  refusal: string | null;
  simulator: (draft: DraftView) => ReactNode;
}

/** The policy's YAML with its findings, what judges the draft beside it, and publishing. */
export function PolicyEditor({ policy, tools, refusal, simulator }: Props) {
  const router = useRouter();
  const { asked, setAsked } = useDraftStore();
  const draft = usePolicyDraft(policy);
  const findings = useProblems(draft.text, tools);
  const tests = useTestRun(draft.text);
  const [jump, setJump] = useState<Jump | null>(null);
  /** The dialog of two publishers; it remembers whether failing tests had been allowed. */
  const [conflict, setConflict] = useState<{ allowed: boolean } | null>(null);
  const live = policy.liveVersion === null ? null : { version: policy.liveVersion, text: policy.text };
  const publish = useAction(async (baseVersion: number | null, reason: string, allowFailingTests: boolean) => {
    const body = { baseVersion, text: draft.text, reason, ...(allowFailingTests ? { allowFailingTests } : {}) };
    try {
      const next = await api<PolicyDto>("POST", `/api/policies/${policy.id}/publish`, body);
      draft.rebase({ version: next.liveVersion, text: next.text });
      setAsked(null);
      setConflict(null);
      toast.success(`Version ${String(next.liveVersion)} is live. It governs the next call.`);
      router.refresh();
    } catch (error) {
      if (!isApiCode(error, "conflict")) throw error;
      setAsked(null);
      setConflict({ allowed: allowFailingTests });
      router.refresh();
    }
  });
  const ask = () => {
    if (refusal !== null) return;
    publish.clear();
    setAsked("");
  };
  useSaveKey(() => {
    if (asked === null && conflict === null) ask();
  });
  const theirs = live && live.version !== draft.base.version ? live : null;
  return (
    <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_minmax(25rem,32rem)]">
      <div className="grid min-w-0 gap-3">
        <Toolbar
          said={draft.unsaved ? "Changes not published" : live ? "As published" : "Nothing published yet"}
          newer={draft.behind ? (live?.version ?? null) : null}
          onCompare={() => {
            publish.clear();
            setConflict({ allowed: false });
          }}
          refusal={refusal}
          unsaved={draft.unsaved}
          onPublish={ask}
        />
        <PolicyText
          value={draft.text}
          onChange={draft.setText}
          onSave={ask}
          readOnly={refusal !== null}
          findings={findings}
          jump={jump}
          label={`Policy ${policy.name}`}
          aroundRem={22}
        />
      </div>
      <DraftPanels
        simulator={simulator({ text: draft.text, onText: draft.setText })}
        tests={tests}
        onJump={(line) => {
          setJump({ line, column: 1 });
        }}
      />
      {asked === null || refusal !== null ? null : (
        <PublishDialog
          policy={policy}
          version={(policy.versions[0]?.version ?? 0) + 1}
          text={draft.text}
          findings={findings}
          tests={tests}
          reason={asked}
          sending={publish.sending}
          failure={publish.failure}
          onPublish={(reason, allowed) => void publish.run(draft.base.version, reason, allowed)}
          onClose={() => {
            setAsked(null);
          }}
        />
      )}
      {conflict === null ? null : (
        <ConflictDialog
          mine={draft.text}
          theirs={theirs}
          whose={policy.versions.find((version) => version.version === theirs?.version)}
          sending={publish.sending}
          failure={publish.failure}
          onTakeTheirs={() => {
            if (live) draft.rebase(live);
            setConflict(null);
          }}
          onPublishMine={() => {
            const reason = `Published over version ${String(live?.version)}`;
            if (live) void publish.run(live.version, reason, conflict.allowed);
          }}
          onClose={() => {
            setConflict(null);
          }}
        />
      )}
    </div>
  );
}
