import * as monaco from "monaco-editor/esm/vs/editor/editor.api";
import "monaco-editor/esm/vs/editor/edcore.main.js";
import "monaco-editor/esm/vs/basic-languages/yaml/yaml.contribution.js";
import { configureMonacoYaml } from "monaco-yaml";
import { policyJsonSchema } from "@/lib/policy/json-schema";
import { singleton } from "@/lib/kernel/singleton";
import type { Problem } from "@/lib/policy/types";

const fileName = "policy.yaml";

/** A token's colour in six digits; the build shortens some to three. */
function token(name: string): string {
  const colour = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  return colour.length === 4 ? colour.replace(/[0-9a-f]/gi, "$&$&") : colour;
}

/** The base theme's changed lines are too bright for quiet text in the dark. */
function darkDiff(): Record<string, string> {
  const faint = (name: string) => `${token(name)}22`;
  return {
    "diffEditor.insertedLineBackground": token("green-soft"),
    "diffEditor.removedLineBackground": token("red-soft"),
    "diffEditor.insertedTextBackground": faint("green"),
    "diffEditor.removedTextBackground": faint("red"),
  };
}

/** Colours of the page's theme, read from its tokens. */
export function applyTheme(dark: boolean): void {
  const plain = (name: string) => token(name).replace("#", "");
  monaco.editor.defineTheme("console", {
    base: dark ? "vs-dark" : "vs",
    inherit: true,
    rules: [
      { token: "", foreground: plain("ink") },
      { token: "comment", foreground: plain("ink-soft") },
      { token: "type", foreground: plain("accent") },
      { token: "string.yaml", foreground: plain("green") },
      { token: "number", foreground: plain("violet") },
      { token: "keyword", foreground: plain("violet") },
      { token: "operators", foreground: plain("ink-soft") },
    ],
    colors: {
      "editor.background": token("surface"),
      "editor.foreground": token("ink"),
      "editorLineNumber.foreground": token("ink-faint"),
      "editorLineNumber.activeForeground": token("ink"),
      "editorLineNumber.dimmedForeground": token("ink-faint"),
      "editor.lineHighlightBackground": token("hover"),
      "editor.lineHighlightBorder": "#00000000",
      "editorGutter.background": token("surface"),
      "editorWidget.background": token("raised"),
      "editorWidget.border": token("line"),
      "editorIndentGuide.background1": token("line"),
      focusBorder: token("accent"),
      ...(dark ? darkDiff() : {}),
    },
  });
  monaco.editor.setTheme("console");
}

interface WorkerOptions {
  label?: string | undefined;
  createData?: unknown;
  worker?: unknown;
}

/**
 * A worker in the form that the editor's core wants: its first message is dropped, the second one makes the language
 * service. The full bundle of Monaco does this for its own languages, of which none is loaded here.
 */
function openYamlWorker({ createData }: WorkerOptions): Promise<Worker> {
  const worker = new Worker(new URL("./yaml.worker.ts", import.meta.url), { type: "module" });
  worker.postMessage("ignore");
  worker.postMessage(createData);
  return Promise.resolve(worker);
}

/** Workers from our own origin, and completion for the policy language. Its problems come from the product's own check only. */
export function setUpMonaco(): typeof monaco {
  return singleton("monaco", () => {
    window.MonacoEnvironment = {
      getWorker: () => new Worker(new URL("./editor.worker.ts", import.meta.url), { type: "module" }),
    };
    const createWebWorker = <T extends object>(options: WorkerOptions) =>
      monaco.editor.createWebWorker<T>({ worker: openYamlWorker(options) });
    configureMonacoYaml(
      { ...monaco, editor: { ...monaco.editor, createWebWorker } },
      {
        validate: false,
        format: { enable: false },
        completion: true,
        hover: true,
        enableSchemaRequest: false,
        schemas: [{ uri: "policylayer:policy", fileMatch: [`**/${fileName}`], schema: policyJsonSchema() }],
      },
    );
    return monaco;
  });
}

export function openModel(text: string): monaco.editor.ITextModel {
  const uri = monaco.Uri.parse(`file:///${fileName}`);
  monaco.editor.getModel(uri)?.dispose();
  return monaco.editor.createModel(text, "yaml", uri);
}

/** Marks each problem from its position to the end of its line. */
export function markProblems(model: monaco.editor.ITextModel, problems: readonly Problem[]): void {
  const lines = model.getLineCount();
  monaco.editor.setModelMarkers(
    model,
    "policy",
    problems.map((problem) => {
      const line = Math.min(Math.max(problem.line, 1), lines);
      const end = model.getLineMaxColumn(line);
      return {
        severity: problem.severity === "error" ? monaco.MarkerSeverity.Error : monaco.MarkerSeverity.Warning,
        message: problem.hint ? `${problem.message}\n${problem.hint}` : problem.message,
        code: problem.code,
        startLineNumber: line,
        startColumn: Math.min(Math.max(problem.column, 1), end),
        endLineNumber: line,
        endColumn: end,
      };
    }),
  );
}
