"use client";

import { useEffect, useState } from "react";
import { emptyForm, fromFragment, type SampleForm } from "./form";

export interface Sample {
  form: SampleForm;
  change: (part: Partial<SampleForm>) => void;
  /** When it was first simulated, ISO 8601; null until then. */
  ranAt: string | null;
  run: () => void;
}

/** The sample call of this page; it outlives the panel that shows it. A link that carries one brings it along. */
export function useSample(): Sample {
  const [linked] = useState(() => (typeof window === "undefined" ? null : fromFragment(window.location.hash)));
  const [form, setForm] = useState<SampleForm>(linked ?? emptyForm);
  const [ranAt, setRanAt] = useState<string | null>(() => (linked ? new Date().toISOString() : null));
  useEffect(() => {
    const follow = () => {
      const next = fromFragment(window.location.hash);
      if (!next) return;
      setForm(next);
      setRanAt(new Date().toISOString());
    };
    window.addEventListener("hashchange", follow);
    return () => {
      window.removeEventListener("hashchange", follow);
    };
  }, []);
  return {
    form,
    change: (part) => {
      setForm((known) => ({ ...known, ...part }));
    },
    ranAt,
    run: () => {
      setRanAt(new Date().toISOString());
    },
  };
}
