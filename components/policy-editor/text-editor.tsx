"use client";

import dynamic from "next/dynamic";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { Skeleton } from "@/components/ui/skeleton";
import type { Problem } from "@/lib/policy/types";

export interface Jump {
  line: number;
  column: number;
}

export interface EditorProps {
  value: string;
  onChange: (text: string) => void;
  onSave?: (() => void) | undefined;
  problems: readonly Problem[];
  readOnly: boolean;
  /** Where the cursor should go; a new object moves it again. */
  jump: Jump | null;
  label: string;
}

const Monaco = dynamic(() => import("./monaco").then((module) => module.MonacoEditor), {
  ssr: false,
  loading: () => <EditorSkeleton />,
});

function EditorSkeleton() {
  return (
    <div role="status" aria-label="Loading the editor" className="grid gap-2 p-4">
      {["w-24", "w-56", "w-40", "w-64", "w-48", "w-32"].map((width) => (
        <Skeleton key={width} className={`h-3.5 ${width}`} />
      ))}
    </div>
  );
}

const narrow = "(max-width: 767px)";

function watchWidth(changed: () => void): () => void {
  const query = window.matchMedia(narrow);
  query.addEventListener("change", changed);
  return () => {
    query.removeEventListener("change", changed);
  };
}

/** Monaco where there is room, a plain text area on phones; null until the width is known. */
function useNarrow(): boolean | null {
  return useSyncExternalStore<boolean | null>(
    watchWidth,
    () => window.matchMedia(narrow).matches,
    () => null,
  );
}

export function TextEditor(props: EditorProps) {
  const small = useNarrow();
  if (small === null) return <EditorSkeleton />;
  return small ? <PlainEditor {...props} /> : <Monaco {...props} />;
}

function PlainEditor({ value, onChange, readOnly, jump, label }: EditorProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    const field = area.current;
    if (!field || !jump) return;
    const lines = field.value.split("\n");
    const before = lines.slice(0, jump.line - 1).join("\n").length + (jump.line > 1 ? 1 : 0);
    field.focus();
    field.setSelectionRange(before, before + (lines[jump.line - 1]?.length ?? 0));
    field.scrollTop = (jump.line - 3) * 20;
  }, [jump]);
  return (
    <textarea
      ref={area}
      aria-label={label}
      value={value}
      readOnly={readOnly}
      spellCheck={false}
      autoCapitalize="off"
      autoCorrect="off"
      wrap="off"
      className="block h-full w-full resize-none overflow-auto bg-surface p-3 font-mono text-sm leading-5 -outline-offset-2"
      onChange={(event) => {
        onChange(event.target.value);
      }}
    />
  );
}
