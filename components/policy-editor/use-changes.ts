"use client";

import { useEffect, useState } from "react";

/** What a text changes: its meaning in sentences, and what becomes of counters. */
export interface Changes {
  readonly summary: readonly string[];
  readonly counters: readonly string[];
}

/** What a text changes from another one, in words; null while that is being found out, or when one of them has errors. */
export function useChanges(before: string, after: string): Changes | null {
  const [found, setFound] = useState<{ before: string; after: string; changes: Changes | null } | null>(null);
  useEffect(() => {
    let current = true;
    void findChanges(before, after).then((changes) => {
      if (current) setFound({ before, after, changes });
    });
    return () => {
      current = false;
    };
  }, [before, after]);
  return found?.before === before && found.after === after ? found.changes : null;
}

async function findChanges(before: string, after: string): Promise<Changes | null> {
  const [{ parsePolicy }, { describeChanges }] = await Promise.all([
    import("@/lib/policy/parse"),
    import("@/lib/policy/changes"),
  ]);
  const old = before.trim() === "" ? null : parsePolicy(before);
  const next = parsePolicy(after);
  if (!next.ok || (old && !old.ok)) return null;
  return describeChanges(old ? old.document : null, next.document);
}
