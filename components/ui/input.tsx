import type { ComponentProps } from "react";
import { cn } from "./cn";

export const inputLook =
  "w-full min-w-0 rounded-md border border-line-strong bg-surface text-base text-ink focus-visible:outline-offset-0 focus-visible:border-accent aria-invalid:border-danger disabled:opacity-60";

export function Input({ className, type, ...rest }: ComponentProps<"input">) {
  return (
    <input
      type={type ?? "text"}
      className={cn(inputLook, "h-8 px-2.5 read-only:bg-sunken touch:h-11", className)}
      {...rest}
    />
  );
}

export function Textarea({ className, ...rest }: ComponentProps<"textarea">) {
  return <textarea className={cn(inputLook, "min-h-16 px-2.5 py-1.5 read-only:bg-sunken", className)} {...rest} />;
}
