"use client";

import { Play } from "lucide-react";
import { useId, type Ref } from "react";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { Field } from "@/components/ui/field";
import { Input, Textarea } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { visibleText } from "@/components/ui/visible-text";
import { toFragment } from "./form";
import type { ToolCounter } from "./judgement";
import { MoreFields } from "./more-fields";
import type { Faults } from "./sample";
import type { Sample } from "./use-sample";
import type { SampleTool, SampleWorld } from "./world";

interface Props {
  ref: Ref<HTMLFormElement>;
  sample: Sample;
  world: SampleWorld;
  counters: readonly ToolCounter[];
  /** Names that the draft speaks of. */
  tools: readonly string[];
  faults: Faults;
}

const none = "none";

/** The form of a sample call. */
export function SampleFields({ ref, sample, world, counters, tools, faults }: Props) {
  const { form, change, run } = sample;
  const listId = useId();
  const names = [...new Set([...world.tools.map(({ name }) => name), ...tools])].sort();
  const known = world.tools.find(({ name }) => name === form.tool);
  return (
    <form
      ref={ref}
      noValidate
      className="grid gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        run();
      }}
    >
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label="Tool" error={faults.tool}>
          {(ids) => (
            <Input
              {...ids}
              list={listId}
              value={form.tool}
              className="font-mono"
              autoComplete="off"
              autoCapitalize="off"
              spellCheck={false}
              maxLength={200}
              onChange={(event) => {
                change({ tool: event.target.value });
              }}
            />
          )}
        </Field>
        <datalist id={listId}>
          {names.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <Field label="Grant">
          {(ids) => (
            <Select
              {...ids}
              value={form.grantId === "" ? none : form.grantId}
              choices={[
                { value: none, label: "A made-up grant" },
                ...world.grants.map(({ id, label, server }) => ({
                  value: id,
                  label: visibleText(label),
                  note: visibleText(server),
                })),
              ]}
              onChange={(grantId) => {
                change({ grantId: grantId === none ? "" : grantId });
              }}
            />
          )}
        </Field>
      </div>
      <Field label="Arguments" hint={argumentHint(known)} error={faults.args}>
        {(ids) => (
          <Textarea
            {...ids}
            rows={4}
            value={form.args}
            className="font-mono text-sm"
            placeholder='{ "amount": 60000, "currency": "usd" }'
            autoCapitalize="off"
            autoCorrect="off"
            spellCheck={false}
            onChange={(event) => {
              change({ args: event.target.value });
            }}
          />
        )}
      </Field>
      {counters.length > 0 ? <CounterFields sample={sample} counters={counters} faults={faults} /> : null}
      <MoreFields sample={sample} faults={faults} scanned={known} />
      <div className="flex flex-wrap items-center gap-2">
        <Button type="submit" look="primary">
          <Play aria-hidden /> Simulate
        </Button>
        <CopyButton text={linkOf(form)} label="Copy a link to this sample" words="Copy link" />
      </div>
    </form>
  );
}

/** The sample stands in the fragment, which no server sees and no log keeps. */
function linkOf(form: Sample["form"]): string {
  const { origin, pathname } = window.location;
  return `${origin}${pathname}${toFragment(form)}`;
}

function argumentHint(tool: SampleTool | undefined): string {
  const general = "JSON; numbers stay exact.";
  if (!tool || tool.parameters.length === 0) return general;
  const names = tool.parameters
    .slice(0, 12)
    .map(({ name, required }) => visibleText(name) + (required ? " (required)" : ""));
  return `${general} It takes ${names.join(", ")}${tool.parameters.length > names.length ? ", …" : ""}.`;
}

interface CounterProps {
  sample: Sample;
  counters: readonly ToolCounter[];
  faults: Faults;
}

function CounterFields({ sample: { form, change }, counters, faults }: CounterProps) {
  return (
    <fieldset className="grid gap-3">
      <legend className="mb-2 text-sm font-medium">Already counted</legend>
      <div className="grid gap-3 sm:grid-cols-2">
        {counters.map(({ name, window, by }) => (
          <Field
            key={name}
            label={<span className="font-mono [overflow-wrap:anywhere]">{visibleText(name)}</span>}
            hint={by.length === 0 ? `in this ${window}` : `in this ${window}, for each ${visibleText(by.join(", "))}`}
            error={faults[`used.${name}`]}
          >
            {(ids) => (
              <Input
                {...ids}
                value={form.used[name] ?? ""}
                inputMode="decimal"
                placeholder="0"
                className="num"
                onChange={(event) => {
                  change({ used: { ...form.used, [name]: event.target.value } });
                }}
              />
            )}
          </Field>
        ))}
      </div>
    </fieldset>
  );
}
