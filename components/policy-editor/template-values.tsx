"use client";

import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { inputOf, type TemplateValue, type ValueProblem } from "@/lib/policy/templates";

interface Props {
  values: readonly TemplateValue[];
  /** What was typed, by name; what was not shows the default. */
  inputs: Readonly<Record<string, string>>;
  problems: readonly ValueProblem[];
  readOnly: boolean;
  onChange: (name: string, input: string) => void;
}

/** One field for each value that a template asks for. */
export function TemplateValues({ values, inputs, problems, readOnly, onChange }: Props) {
  return (
    <div className="grid gap-3 border-t border-line px-3 py-3 sm:grid-cols-2 lg:grid-cols-1">
      {values.map((value) => (
        <Field
          key={value.name}
          label={value.label}
          hint={value.hint ?? (value.kind === "list" ? "Commas between" : undefined)}
          error={problems.find((problem) => problem.name === value.name)?.message}
        >
          {(ids) => (
            <Input
              {...ids}
              inputMode={value.kind === "number" ? "numeric" : "text"}
              className={value.kind === "number" ? "num" : undefined}
              autoCapitalize="off"
              autoComplete="off"
              spellCheck={false}
              value={inputs[value.name] ?? inputOf(value)}
              readOnly={readOnly}
              onChange={(event) => {
                onChange(value.name, event.target.value);
              }}
            />
          )}
        </Field>
      ))}
    </div>
  );
}
