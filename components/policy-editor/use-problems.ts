"use client";

import { useEffect, useState } from "react";
import type { KnownTool } from "@/lib/policy/check";
import type { Problem } from "@/lib/policy/types";

const restMs = 150;

export interface Findings {
  problems: readonly Problem[];
  /** True while the text on screen has not been checked yet. */
  pending: boolean;
}

/**
 * The product's own check of this text, after a short rest in typing. The very function that publishing runs. With `tools` it
 * also warns of names that no server of the policy has.
 */
export function useProblems(text: string, tools?: readonly KnownTool[]): Findings {
  const [checked, setChecked] = useState<{ text: string; problems: readonly Problem[] } | null>(null);
  useEffect(() => {
    let current = true;
    const timer = setTimeout(() => {
      void import("@/lib/policy/check").then(({ checkPolicy }) => {
        if (current) setChecked({ text, problems: checkPolicy(text, tools && tools.length > 0 ? { tools } : {}) });
      });
    }, restMs);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [text, tools]);
  return { problems: checked?.problems ?? [], pending: checked?.text !== text };
}

export function errorCount(problems: readonly Problem[]): number {
  return problems.filter((problem) => problem.severity === "error").length;
}
