"use client";

import { useState } from "react";
import { failureOf, type ApiFailure } from "./api";

interface Action<A extends unknown[]> {
  run: (...input: A) => Promise<boolean>;
  sending: boolean;
  failure: ApiFailure | null;
  clear: () => void;
}

/** One write: whether it is being sent, and how it failed. `run` answers true when it went through. */
export function useAction<A extends unknown[]>(perform: (...input: A) => Promise<void>): Action<A> {
  const [sending, setSending] = useState(false);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const run = async (...input: A): Promise<boolean> => {
    setSending(true);
    setFailure(null);
    try {
      await perform(...input);
      return true;
    } catch (error) {
      setFailure(failureOf(error));
      return false;
    } finally {
      setSending(false);
    }
  };
  return {
    run,
    sending,
    failure,
    clear: () => {
      setFailure(null);
    },
  };
}
