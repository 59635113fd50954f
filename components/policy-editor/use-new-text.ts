"use client";

import { useState } from "react";

const question = "Replace your text?";

/** The text of a policy that does not exist yet: what it started from, and what was made of it by hand. */
export function useNewText(first: string) {
  const [start, setStart] = useState(first);
  const [text, setText] = useState(first);
  const edited = text !== start;
  return {
    text,
    setText,
    /** Something was typed that is nowhere else. */
    edited,
    /** Starts anew from `next`; asks before it drops what was typed, and answers whether it started. */
    startFrom: (next: string): boolean => {
      if (edited && text !== next && !window.confirm(question)) return false;
      setStart(next);
      setText(next);
      return true;
    },
  };
}
