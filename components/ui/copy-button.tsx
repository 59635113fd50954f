"use client";

import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "./button";
import { cn } from "./cn";

interface Props {
  text: string;
  label: string;
  /** Words beside the icon; without them the label is for screen readers only. */
  words?: string;
  className?: string;
  onCopied?: () => void;
}

export function CopyButton({ text, label, words, className, onCopied }: Props) {
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
  useEffect(() => {
    if (state === "idle") return;
    const timer = setTimeout(() => {
      setState("idle");
    }, 2000);
    return () => {
      clearTimeout(timer);
    };
  }, [state]);
  const copy = () => {
    copyText(text).then(
      () => {
        setState("copied");
        onCopied?.();
      },
      () => {
        setState("failed");
      },
    );
  };
  const said = state === "copied" ? "Copied" : state === "failed" ? "Copying failed" : "";
  return (
    <Button
      look={words ? "plain" : "ghost"}
      size={words ? "sm" : "icon"}
      aria-label={words ? undefined : label}
      title={label}
      className={cn(!words && "-my-0.5 size-6 text-ink-faint", className)}
      onClick={copy}
    >
      {state === "copied" ? <Check aria-hidden /> : <Copy aria-hidden />}
      {words ? (said === "" ? words : said) : null}
      <span role="status" className="sr-only">
        {said}
      </span>
    </Button>
  );
}

/** Puts text on the clipboard; over plain http (where the clipboard API is absent) by way of a hidden field. */
async function copyText(text: string): Promise<void> {
  if (typeof navigator.clipboard !== "undefined") {
    await navigator.clipboard.writeText(text);
    return;
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.setAttribute("aria-hidden", "true");
  field.style.position = "fixed";
  field.style.opacity = "0";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (!done) throw new Error("copy refused");
}
