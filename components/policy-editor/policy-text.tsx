"use client";

import { useState } from "react";
import { ProblemList } from "./problem-list";
import { TextEditor, type Jump } from "./text-editor";
import type { Findings } from "./use-problems";

interface Props {
  value: string;
  onChange: (text: string) => void;
  onSave?: () => void;
  readOnly: boolean;
  findings: Findings;
  label: string;
  /** Height of what stands above and below on the page, in rem. */
  aroundRem?: number;
}

/** The policy text with its findings under it. */
export function PolicyText({ value, onChange, onSave, readOnly, findings, label, aroundRem = 19 }: Props) {
  const [jump, setJump] = useState<Jump | null>(null);
  return (
    <div className="min-w-0 overflow-hidden rounded-lg border border-line bg-surface">
      <div style={{ height: `max(20rem, calc(100dvh - ${String(aroundRem)}rem))` }}>
        <TextEditor
          value={value}
          onChange={onChange}
          onSave={onSave}
          problems={findings.problems}
          readOnly={readOnly}
          jump={jump}
          label={label}
        />
      </div>
      <ProblemList findings={findings} onJump={setJump} />
      <p className="hidden border-t border-line px-3 py-1.5 text-xs text-ink-faint md:block">
        {readOnly ? "" : "⌘S or Ctrl+S publishes. "}F8 goes to the next problem. Ctrl+M lets Tab leave the editor.
      </p>
    </div>
  );
}
