"use client";

import { useEffect, useState, useSyncExternalStore } from "react";
import { Tooltip } from "./tooltip";
import { agoText, clockText, dayText, fullText } from "./time-text";

const subscribe = () => () => undefined;

/** True after hydration: the browser's own zone is known only then. */
export function useHydrated(): boolean {
  return useSyncExternalStore(
    subscribe,
    () => true,
    () => false,
  );
}

export function useNow(everyMs: number): number | null {
  const [now, setNow] = useState<number | null>(null);
  useEffect(() => {
    const tick = () => {
      setNow(Date.now());
    };
    const first = setTimeout(tick, 0);
    const timer = setInterval(tick, everyMs);
    return () => {
      clearTimeout(first);
      clearInterval(timer);
    };
  }, [everyMs]);
  return now;
}

interface TimeProps {
  at: string;
  form?: "clock" | "ago" | "both";
  /** In long lists: no tab stop of its own, since the row's page has the same time. */
  quiet?: boolean;
}

/** A moment: local clock or day plus "2 min ago"; hover and focus show local time with zone, and UTC. */
export function Time({ at, form = "both", quiet = false }: TimeProps) {
  const hydrated = useHydrated();
  const now = useNow(30_000);
  const ago = now === null ? "" : agoText(at, now);
  const absolute = !hydrated
    ? `${at.slice(0, 16).replace("T", " ")}`
    : now !== null && Math.abs(now - Date.parse(at)) < 20 * 3_600_000
      ? clockText(at)
      : dayText(at);
  return (
    <Tooltip text={hydrated ? fullText(at) : at}>
      <time dateTime={at} {...(quiet ? {} : { tabIndex: 0 })} className="num whitespace-nowrap">
        {form === "ago" ? ago || absolute : absolute}
        {form === "both" && ago ? <span className="ml-1.5 text-ink-faint">{ago}</span> : null}
      </time>
    </Tooltip>
  );
}
