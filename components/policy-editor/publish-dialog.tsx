"use client";

import { CircleX } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { ErrorNote, type Failure } from "@/components/ui/error-note";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { countText } from "@/components/ui/word";

interface Props {
  version: number;
  errors: number;
  grantCount: number;
  reason: string;
  sending: boolean;
  failure: Failure | null;
  onPublish: (reason: string) => void;
  onClose: () => void;
}

/** Reason and confirmation; a text with errors cannot be published from here. */
export function PublishDialog({ version, errors, grantCount, reason, sending, failure, onPublish, onClose }: Props) {
  const [text, setText] = useState(reason);
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`Publish version ${String(version)}`}
      description={
        grantCount === 0
          ? "No grant uses this policy yet."
          : `It governs the next call of ${countText(grantCount, "grant")}. Connections stay open.`
      }
    >
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (errors === 0) onPublish(text.trim());
        }}
      >
        {errors > 0 ? (
          <p role="alert" className="flex items-start gap-2 rounded-md bg-red-soft px-3 py-2 text-sm text-red">
            <CircleX aria-hidden className="mt-0.5 size-4 shrink-0" />
            The text has {countText(errors, "error")}. An invalid policy never goes live: mend the list under the editor
            first.
          </p>
        ) : null}
        <Field label="Reason" optional hint="Kept with the version, for whoever asks later.">
          {(ids) => (
            <Input
              {...ids}
              value={text}
              maxLength={500}
              autoFocus
              placeholder="Raise the daily cap for the sale"
              onChange={(event) => {
                setText(event.target.value);
              }}
            />
          )}
        </Field>
        {failure ? <ErrorNote failure={failure} /> : null}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={sending || errors > 0}>
            {sending ? "Publishing…" : `Publish v${String(version)}`}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
