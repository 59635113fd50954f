"use client";

import { useTheme } from "next-themes";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import type { editor } from "monaco-editor/esm/vs/editor/editor.api";
import type { EditorProps } from "./text-editor";
import { applyTheme, markProblems, openModel, setUpMonaco } from "./monaco-setup";

const look: editor.IEditorOptions = {
  automaticLayout: true,
  fontFamily: "var(--font-geist-mono), ui-monospace, monospace",
  fontSize: 13,
  lineHeight: 20,
  minimap: { enabled: false },
  scrollBeyondLastLine: false,
  renderLineHighlight: "line",
  padding: { top: 8, bottom: 8 },
  fixedOverflowWidgets: true,
  overviewRulerLanes: 1,
  stickyScroll: { enabled: false },
  unicodeHighlight: { ambiguousCharacters: true, invisibleCharacters: true },
};

function useEditorTheme(): void {
  const { resolvedTheme } = useTheme();
  useEffect(() => {
    // One frame later, when the theme's class is on the root and its tokens can be read.
    const frame = requestAnimationFrame(() => {
      applyTheme(resolvedTheme === "dark");
    });
    return () => {
      cancelAnimationFrame(frame);
    };
  }, [resolvedTheme]);
}

/** The YAML editor: Monaco with the language's completion, and markers from `problems` alone. */
export function MonacoEditor({ value, onChange, onSave, problems, readOnly, jump, label }: EditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<editor.IStandaloneCodeEditor | null>(null);
  const report = useEffectEvent((text: string) => {
    onChange(text);
  });
  const save = useEffectEvent(() => {
    onSave?.();
  });
  const start = useEffectEvent((element: HTMLElement) => {
    const monaco = setUpMonaco();
    const model = openModel(value);
    const made = monaco.editor.create(element, {
      ...look,
      model,
      readOnly,
      ariaLabel: label,
      tabSize: 2,
      quickSuggestions: { strings: true, other: true, comments: false },
    });
    model.onDidChangeContent(() => {
      report(model.getValue());
    });
    made.addCommand(monaco.KeyMod.CtrlCmd | monaco.KeyCode.KeyS, () => {
      save();
    });
    setView(made);
    return () => {
      made.dispose();
      model.dispose();
    };
  });
  useEffect(() => (host.current ? start(host.current) : undefined), []);
  useEditorTheme();
  useEffect(() => {
    const model = view?.getModel();
    if (!view || !model || model.getValue() === value) return;
    // As an edit, so that undo brings the former text back.
    view.pushUndoStop();
    model.pushEditOperations([], [{ range: model.getFullModelRange(), text: value }], () => null);
    view.pushUndoStop();
  }, [view, value]);
  useEffect(() => {
    view?.updateOptions({ readOnly });
  }, [view, readOnly]);
  useEffect(() => {
    const model = view?.getModel();
    if (model) markProblems(model, problems);
  }, [view, problems]);
  useEffect(() => {
    if (!view || !jump) return;
    view.setPosition({ lineNumber: jump.line, column: jump.column });
    view.revealLineInCenter(jump.line);
    view.focus();
  }, [view, jump]);
  return <div ref={host} className="h-full w-full" data-testid="yaml-editor" />;
}

interface DiffProps {
  before: string;
  after: string;
  label: string;
}

/** Two texts side by side, or in one column where there is no room. */
export function MonacoDiff({ before, after, label }: DiffProps) {
  const host = useRef<HTMLDivElement>(null);
  const start = useEffectEvent((element: HTMLElement) => {
    const monaco = setUpMonaco();
    const original = monaco.editor.createModel(before, "yaml");
    const modified = monaco.editor.createModel(after, "yaml");
    const view = monaco.editor.createDiffEditor(element, {
      ...look,
      readOnly: true,
      renderSideBySide: true,
      useInlineViewWhenSpaceIsLimited: true,
      renderOverviewRuler: false,
    });
    view.setModel({ original, modified });
    view.getOriginalEditor().updateOptions({ ariaLabel: `${label}: before` });
    view.getModifiedEditor().updateOptions({ ariaLabel: `${label}: after` });
    const shown = view.onDidUpdateDiff(() => {
      shown.dispose();
      view.revealFirstDiff();
    });
    return () => {
      view.dispose();
      original.dispose();
      modified.dispose();
    };
  });
  useEffect(() => (host.current ? start(host.current) : undefined), [before, after]);
  useEditorTheme();
  return <div ref={host} className="h-full w-full" />;
}
