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
  /** Where the cursor should go, when something beside the text asks for it; a new object moves it again. */
  jump?: Jump | null;
  /** Height of what stands above and below on the page, in rem. */
  aroundRem?: number;
}

/** The policy text with its findings under it. */
export function PolicyText({ value, onChange, onSave, readOnly, findings, label, jump = null, aroundRem = 19 }: Props) {
  const [ownJump, setOwnJump] = useState<Jump | null>(null);
  const [seen, setSeen] = useState(jump);
  if (seen !== jump) {
    setSeen(jump);
    setOwnJump(jump);
  }
  return (
    <div className="min-w-0 overflow-hidden rounded-lg border border-line bg-surface">
      <div style={{ height: `max(20rem, calc(100dvh - ${String(aroundRem)}rem))` }}>
        <TextEditor
          value={value}
          onChange={onChange}
          onSave={onSave}
          problems={findings.problems}
          readOnly={readOnly}
          jump={ownJump}
          label={label}
        />
      </div>
      <ProblemList findings={findings} onJump={setOwnJump} />
      <p className="hidden border-t border-line px-3 py-1.5 text-xs text-ink-faint md:block">
        {readOnly ? "" : "⌘S or Ctrl+S publishes. "}F8 goes to the next problem. Ctrl+M lets Tab leave the editor.
      </p>
    </div>
  );
}
