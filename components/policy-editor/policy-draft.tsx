"use client";

import { createContext, use, useState, type ReactNode } from "react";
import { useUnsaved } from "./use-unsaved";

/** A version that a draft starts from; null = nothing is published. */
export interface Base {
  version: number | null;
  text: string;
}

export interface Draft {
  base: Base;
  text: string;
}

interface DraftStore {
  /** Null while nothing was typed: then the draft is the live text. */
  draft: Draft | null;
  setDraft: (draft: Draft | null) => void;
  /** The reason that the publish dialog begins with; null = it is closed. */
  asked: string | null;
  setAsked: (reason: string | null) => void;
}

const DraftContext = createContext<DraftStore | null>(null);

/** Keeps the draft of one policy while its pages are walked through; leaving them asks first. */
export function PolicyDraftProvider({ policyId, children }: { policyId: string; children: ReactNode }) {
  const [draft, setDraft] = useState<Draft | null>(null);
  const [asked, setAsked] = useState<string | null>(null);
  useUnsaved(draft !== null && draft.text !== draft.base.text, `/policies/${policyId}`);
  return <DraftContext value={{ draft, setDraft, asked, setAsked }}>{children}</DraftContext>;
}

export function useDraftStore(): DraftStore {
  const store = use(DraftContext);
  if (!store) throw new Error("A policy's pages stand in its PolicyDraftProvider");
  return store;
}
