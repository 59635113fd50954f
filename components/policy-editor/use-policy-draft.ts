"use client";

import { useState } from "react";
import type { PolicyDto } from "@/lib/policies/schema";

interface Base {
  version: number | null;
  text: string;
}

/**
 * The text being edited and the version that it started from. A newer live version is taken over at once while nothing
 * was typed; otherwise the draft stays and `behind` says so.
 */
export function usePolicyDraft(policy: PolicyDto) {
  const live: Base = { version: policy.liveVersion, text: policy.text };
  const [base, setBase] = useState<Base>(live);
  const [text, setText] = useState(policy.text);
  const unsaved = text !== base.text;
  const behind = live.version !== null && live.version > (base.version ?? 0);
  if (behind && (!unsaved || text === live.text)) {
    setBase(live);
    setText(live.text);
  }
  return {
    text,
    setText,
    base,
    unsaved,
    behind,
    /** Starts anew from a published version, with its own text or, when given, with another one. */
    rebase: (from: Base, next?: string) => {
      setBase(from);
      setText(next ?? from.text);
    },
  };
}
