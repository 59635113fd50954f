import { Plus, Trash2 } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";

/** A name and a value that the server gets and nobody sees again. */
export interface SecretRow {
  name: string;
  value: string;
}

interface Words {
  title: string;
  hint: string;
  name: string;
  example: string;
  add: string;
}

const headerWords: Words = {
  title: "Headers for the server",
  hint: "Sent with each call, such as an API key. Values are sealed and never shown again.",
  name: "Header",
  example: "Authorization",
  add: "Add header",
};

const variableWords: Words = {
  title: "Environment variables",
  hint: "All that the process gets besides PATH and an empty HOME. Values are sealed and never shown again.",
  name: "Variable",
  example: "API_KEY",
  add: "Add variable",
};

interface Props {
  /** Environment variables of a local process instead of headers. */
  isLocal: boolean;
  rows: readonly SecretRow[];
  errors: Record<string, string>;
  onChange: (rows: SecretRow[]) => void;
}

export function SecretRows({ isLocal, rows, errors, onChange }: Props) {
  const words = isLocal ? variableWords : headerWords;
  const set = (at: number, part: Partial<SecretRow>) => {
    onChange(rows.map((row, index) => (index === at ? { ...row, ...part } : row)));
  };
  return (
    <fieldset className="grid gap-3">
      <legend className="mb-1.5 text-sm font-medium">
        {words.title} <span className="ml-1 font-normal text-ink-faint">optional</span>
      </legend>
      <p className="-mt-1 text-sm text-ink-soft">{words.hint}</p>
      {rows.map((row, index) => (
        <div key={index} className="grid grid-cols-[1fr_auto] items-end gap-2 sm:grid-cols-[1fr_2fr_auto]">
          <Field label={words.name} error={errors[`headers.${String(index)}.name`]}>
            {(ids) => (
              <Input
                {...ids}
                className="font-mono"
                value={row.name}
                placeholder={words.example}
                onChange={(event) => {
                  set(index, { name: event.target.value });
                }}
              />
            )}
          </Field>
          <div className="max-sm:col-span-2 max-sm:row-start-2">
            <Field label="Value" error={errors[`headers.${String(index)}.value`]}>
              {(ids) => (
                <Input
                  {...ids}
                  type="password"
                  autoComplete="off"
                  className="font-mono"
                  value={row.value}
                  onChange={(event) => {
                    set(index, { value: event.target.value });
                  }}
                />
              )}
            </Field>
          </div>
          <Button
            look="ghost"
            size="icon"
            aria-label={`Remove ${words.name.toLowerCase()} ${row.name}`}
            onClick={() => {
              onChange(rows.filter((_, at) => at !== index));
            }}
          >
            <Trash2 aria-hidden />
          </Button>
        </div>
      ))}
      {rows.length < 20 ? (
        <Button
          size="sm"
          className="w-fit"
          onClick={() => {
            onChange([...rows, { name: "", value: "" }]);
          }}
        >
          <Plus aria-hidden /> {words.add}
        </Button>
      ) : null}
    </fieldset>
  );
}
