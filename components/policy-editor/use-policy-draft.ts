"use client";

import type { PolicyDto } from "@/lib/policies/schema";
import { useDraftStore, type Base } from "./policy-draft";

/**
 * The text being edited and the version that it started from. A newer live version is taken over at once while nothing
 * was typed; otherwise the draft stays and `behind` says so.
 */
export function usePolicyDraft(policy: Pick<PolicyDto, "liveVersion" | "text">) {
  const { draft, setDraft } = useDraftStore();
  const live: Base = { version: policy.liveVersion, text: policy.text };
  const isNewer = live.version !== null && live.version > (draft?.base.version ?? 0);
  const kept = draft && !(isNewer && (draft.text === draft.base.text || draft.text === live.text)) ? draft : null;
  const { base, text } = kept ?? { base: live, text: live.text };
  return {
    text,
    setText: (next: string) => {
      setDraft({ base, text: next });
    },
    base,
    unsaved: text !== base.text,
    behind: kept !== null && isNewer,
    /** Starts anew from a published version, with its own text or, when given, with another one. */
    rebase: (from: Base, next?: string) => {
      setDraft({ base: from, text: next ?? from.text });
    },
  };
}
