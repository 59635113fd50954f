"use client";

import { useState, type ReactNode } from "react";
import { Button } from "./button";
import { Dialog } from "./dialog";
import { ErrorNote, type Failure } from "./error-note";
import { Field } from "./field";
import { Input } from "./input";

interface Props {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  /** What will happen, in one or two sentences. */
  consequence: ReactNode;
  verb: string;
  onConfirm: () => void;
  sending: boolean;
  failure: Failure | null;
  /** When set, this text must be typed first. */
  typed?: string;
}

/** A dangerous act: names its consequence, and for deleting asks for the object's name. */
export function ConfirmDialog({
  open,
  onOpenChange,
  title,
  consequence,
  verb,
  onConfirm,
  sending,
  failure,
  typed,
}: Props) {
  const [text, setText] = useState("");
  const ready = typed === undefined || text === typed;
  const close = (next: boolean) => {
    setText("");
    onOpenChange(next);
  };
  return (
    <Dialog open={open} onOpenChange={close} title={title}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) onConfirm();
        }}
      >
        <div className="text-base [overflow-wrap:anywhere]">{consequence}</div>
        {typed === undefined ? null : (
          <Field
            label={
              <>
                Type <span className="font-mono">{typed}</span> to confirm
              </>
            }
          >
            {(ids) => (
              <Input
                {...ids}
                value={text}
                autoComplete="off"
                onChange={(event) => {
                  setText(event.target.value);
                }}
              />
            )}
          </Field>
        )}
        {failure ? <ErrorNote failure={failure} /> : null}
        <div className="flex flex-wrap justify-end gap-2">
          <Button
            onClick={() => {
              close(false);
            }}
          >
            Cancel
          </Button>
          <Button type="submit" look="danger" disabled={!ready || sending}>
            {verb}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
