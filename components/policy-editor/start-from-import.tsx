"use client";

import { CircleX } from "lucide-react";
import { useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { InlineCode } from "@/components/ui/inline-code";
import { Input, Textarea } from "@/components/ui/input";
import { readImport, type ImportResult } from "./read-import";

interface Props {
  /** Takes over a text, with where it comes from; asks before it drops what was typed. */
  onText: (text: string, origin: string) => void;
  readOnly: boolean;
}

/** A policy from elsewhere: YAML or JSON of this language, or the hosted JSON form. */
export function StartFromImport({ onText, readOnly }: Props) {
  const [pasted, setPasted] = useState("");
  const [file, setFile] = useState("");
  const [result, setResult] = useState<ImportResult | null>(null);
  const asked = useRef(0);
  const take = async (text: string, from: string) => {
    const turn = ++asked.current;
    const read = await readImport(text);
    if (turn !== asked.current) return;
    setResult(read);
    if (read.ok) onText(read.text, from === "" ? "Imported." : `Imported from ${from}.`);
  };
  const open = async (chosen: File | undefined) => {
    if (!chosen) return;
    const text = await chosen.text();
    setFile(chosen.name);
    setPasted(text);
    await take(text, chosen.name);
  };
  return (
    <div className="grid gap-3">
      <Field label="File" optional hint="YAML or JSON">
        {(ids) => (
          <Input
            {...ids}
            type="file"
            accept=".yaml,.yml,.json"
            disabled={readOnly}
            className="h-auto py-1 text-sm touch:py-2.5"
            onChange={(event) => void open(event.target.files?.[0])}
          />
        )}
      </Field>
      <Field label="Text to import" hint="YAML, JSON, or the JSON that the hosted service exports">
        {(ids) => (
          <Textarea
            {...ids}
            rows={10}
            wrap="off"
            spellCheck={false}
            autoCapitalize="off"
            className="font-mono text-sm"
            value={pasted}
            readOnly={readOnly}
            onChange={(event) => {
              setPasted(event.target.value);
              setFile("");
            }}
          />
        )}
      </Field>
      {result ? <Outcome result={result} /> : null}
      <div>
        <Button disabled={readOnly} onClick={() => void take(pasted, file)}>
          Import
        </Button>
      </div>
    </div>
  );
}

function Outcome({ result }: { result: ImportResult }) {
  if (!result.ok) {
    return (
      <ul role="alert" className="grid gap-1.5 text-sm">
        {result.problems.map((problem, index) => (
          <li key={index} className="flex items-start gap-2">
            <CircleX aria-hidden className="mt-0.5 size-4 shrink-0 text-red" />
            <span className="min-w-0 [overflow-wrap:anywhere]">
              <InlineCode text={problem.message} />
              {problem.hint ? (
                <span className="block text-ink-soft">
                  <InlineCode text={problem.hint} />
                </span>
              ) : null}
            </span>
          </li>
        ))}
      </ul>
    );
  }
  if (result.notes.length === 0) return null;
  return (
    <div role="status" className="grid gap-1 text-sm">
      <p className="font-medium">What changed on the way</p>
      <ul className="grid list-disc gap-1 pl-5 text-ink-soft">
        {result.notes.map((note) => (
          <li key={note} className="[overflow-wrap:anywhere]">
            <InlineCode text={note} />
          </li>
        ))}
      </ul>
    </div>
  );
}
