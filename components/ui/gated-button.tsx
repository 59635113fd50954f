"use client";

import { useId } from "react";
import { Button, type ButtonProps } from "./button";

/** An action that some people may not take: it stays visible, says why in words, and does nothing. */
export function GatedButton({ reason, children, ...rest }: ButtonProps & { reason: string | null }) {
  const id = useId();
  if (reason === null) return <Button {...rest}>{children}</Button>;
  return (
    <span className="inline-flex flex-wrap items-center justify-end gap-x-3 gap-y-1">
      <span id={id} className="text-sm text-ink-soft">
        {reason}
      </span>
      <Button {...rest} type="button" aria-disabled aria-describedby={id}>
        {children}
      </Button>
    </span>
  );
}
