"use client";

import { useEffect, useState } from "react";
import { readyPolicy, type ReadyPolicy } from "./judgement";

const restMs = 150;

/** The last text without errors, ready to judge by, after a short rest in typing; `broken`: the present text has errors. */
export function useReadyPolicy(text: string): { policy: ReadyPolicy | null; broken: boolean } {
  const [state, setState] = useState(() => {
    const policy = readyPolicy(text);
    return { text, policy, broken: policy === null };
  });
  useEffect(() => {
    const timer = setTimeout(() => {
      setState((known) => {
        if (known.text === text) return known;
        const policy = readyPolicy(text);
        return { text, policy: policy ?? known.policy, broken: policy === null };
      });
    }, restMs);
    return () => {
      clearTimeout(timer);
    };
  }, [text]);
  return state;
}
