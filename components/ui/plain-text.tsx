"use client";

import { useState } from "react";
import { cn } from "./cn";
import { cutText, visibleText } from "./visible-text";

interface Props {
  text: string;
  className?: string;
  /** In table columns: one line, cut by the column's width; the whole text on hover. */
  oneLine?: boolean;
}

/** Text that others wrote (tool names, descriptions, messages): never markup, cut at 200 characters until asked. */
export function PlainText({ text, className, oneLine = false }: Props) {
  const [open, setOpen] = useState(false);
  const short = cutText(text);
  if (oneLine) {
    return (
      <span
        title={visibleText(short.text)}
        className={cn("[overflow-wrap:anywhere] sm:inline-block sm:max-w-64 sm:truncate sm:align-bottom", className)}
      >
        {visibleText(short.text)}
      </span>
    );
  }
  return (
    <span className={cn("[overflow-wrap:anywhere]", className)}>
      {visibleText(open ? text : short.text)}
      {short.cut && !open ? (
        <>
          …{" "}
          <button
            type="button"
            className="text-accent underline underline-offset-2"
            onClick={() => {
              setOpen(true);
            }}
          >
            show all {new TextEncoder().encode(text).length.toLocaleString("en")} bytes
          </button>
        </>
      ) : null}
    </span>
  );
}
