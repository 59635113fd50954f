"use client";

import { Button } from "@/components/ui/button";
import { fillTemplate } from "@/lib/policy/template-fill";
import { findTemplate, policyTemplates, readValues, sentenceOf, type TemplateInfo } from "@/lib/policy/templates";
import { StartCard } from "./start-card";
import { TemplateValues } from "./template-values";

/** A text to start from; an id that the list of templates does not know is the blank one. */
export interface TemplateText {
  id: string;
  text: string;
}

/** What was typed for the values of one template, by name. */
export type Inputs = Readonly<Record<string, string>>;

interface Props {
  templates: readonly TemplateText[];
  /** By template; kept while other tabs are looked at. */
  inputs: Readonly<Record<string, Inputs>>;
  onInputs: (inputs: Readonly<Record<string, Inputs>>) => void;
  /** The template that the text began with; null when it began elsewhere. */
  chosen: string | null;
  onChoose: (id: string) => void;
  /** The text was changed by hand since. */
  edited: boolean;
  /** Starts anew from a text; false when the person would rather not. */
  startFrom: (text: string) => boolean;
  readOnly: boolean;
}

/** What a template's text is with these inputs; with its defaults while an input is wrong. */
export function filledText(templates: readonly TemplateText[], id: string, inputs: Inputs = {}): string {
  const text = templates.find((template) => template.id === id)?.text ?? "";
  const info = findTemplate(id);
  const read = info ? readValues(info, inputs) : null;
  return fillTemplate(text, read?.ok ? read.values : {});
}

/** The templates as cards; the chosen one asks for its values and fills them into the text at once. */
export function TemplatePicker(props: Props) {
  const { templates, inputs, onInputs, chosen, onChoose, edited, startFrom, readOnly } = props;
  const choose = (id: string) => {
    if (startFrom(filledText(templates, id, inputs[id]))) onChoose(id);
  };
  const change = (info: TemplateInfo, name: string, input: string) => {
    const next = { ...inputs[info.id], [name]: input };
    onInputs({ ...inputs, [info.id]: next });
    if (!edited && readValues(info, next).ok) startFrom(filledText(templates, info.id, next));
  };
  const card = (info: TemplateInfo) => {
    const read = readValues(info, inputs[info.id] ?? {});
    const open = info.id === chosen && info.values.length > 0;
    return (
      <StartCard
        key={info.id}
        group="template"
        title={info.title}
        note={
          <>
            {sentenceOf(info, read.ok ? read.values : {})} <span className="text-ink-faint">{info.servers}.</span>
          </>
        }
        checked={info.id === chosen}
        disabled={readOnly}
        onChoose={() => {
          choose(info.id);
        }}
      >
        {open ? (
          <TemplateValues
            values={info.values}
            inputs={inputs[info.id] ?? {}}
            problems={read.ok ? [] : read.problems}
            readOnly={readOnly}
            onChange={(name, input) => {
              change(info, name, input);
            }}
          />
        ) : null}
        {open && edited && !readOnly ? (
          <div className="px-3 pb-3">
            <Button
              size="sm"
              disabled={!read.ok}
              onClick={() => {
                choose(info.id);
              }}
            >
              Start again with these values
            </Button>
          </div>
        ) : null}
      </StartCard>
    );
  };
  return (
    <div className="grid gap-4">
      <fieldset className="min-w-0">
        <legend className="mb-1.5 text-sm font-medium">For a whole server</legend>
        <div className="grid gap-2">
          <StartCard
            group="template"
            title="Blank"
            note="Denies everything until you list a tool."
            checked={chosen === "blank"}
            disabled={readOnly}
            onChoose={() => {
              choose("blank");
            }}
          />
          {policyTemplates.filter((info) => info.kind === "policy").map(card)}
        </div>
      </fieldset>
      <fieldset className="min-w-0">
        <legend className="mb-1.5 text-sm font-medium">One rule to build on</legend>
        <div className="grid gap-2">{policyTemplates.filter((info) => info.kind === "block").map(card)}</div>
      </fieldset>
    </div>
  );
}
