"use client";

import { useState } from "react";
import { cn } from "./cn";
import { cutText, visibleText } from "./visible-text";

/** Text that others wrote (tool names, descriptions, messages): never markup, cut at 200 characters until asked. */
export function PlainText({ text, className }: { text: string; className?: string }) {
  const [open, setOpen] = useState(false);
  const short = cutText(text);
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
