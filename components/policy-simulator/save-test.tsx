"use client";

import { FlaskConical } from "lucide-react";
import { useState } from "react";
import { Field } from "@/components/ui/field";
import { GatedButton } from "@/components/ui/gated-button";
import { Input } from "@/components/ui/input";

interface Props {
  suggested: string;
  refusal: string | null;
  /** The draft has errors, so that nothing can be added to it. */
  broken: boolean;
  onSave: (name: string) => void;
}

/** Keeps the sample and its answer as a test at the end of the draft. */
export function SaveTest({ suggested, refusal, broken, onSave }: Props) {
  const [name, setName] = useState(suggested);
  const said = broken ? "Mend the draft first" : undefined;
  return (
    <form
      noValidate
      className="flex flex-wrap items-end gap-2 border-t border-line pt-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (!broken && refusal === null) onSave(name.trim() === "" ? suggested : name.trim());
      }}
    >
      <div className="min-w-0 grow basis-56">
        <Field label="Keep this answer as a test" hint={said}>
          {(ids) => (
            <Input
              {...ids}
              value={name}
              maxLength={180}
              readOnly={refusal !== null}
              onChange={(event) => {
                setName(event.target.value);
              }}
            />
          )}
        </Field>
      </div>
      <GatedButton type="submit" reason={refusal} disabled={broken}>
        <FlaskConical aria-hidden /> Save as test
      </GatedButton>
    </form>
  );
}
