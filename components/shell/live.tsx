"use client";

import { useRouter } from "next/navigation";
import { createContext, use, useEffect, useEffectEvent, useState, useSyncExternalStore, type ReactNode } from "react";
import { cn } from "@/components/ui/cn";
import { clockText } from "@/components/ui/time-text";
import { api } from "./api";
import { LiveStream, type LiveEvent, type LiveState } from "./live-stream";

const LiveContext = createContext<LiveStream | null>(null);
const connecting: LiveState = { kind: "connecting" };

export function LiveProvider({ children }: { children: ReactNode }) {
  const [stream] = useState(() => new LiveStream());
  useEffect(() => stream.start(), [stream]);
  return <LiveContext value={stream}>{children}</LiveContext>;
}

/** Calls `onEvent` for changes of these topics, and for `reset` (read everything again). */
export function useLive(topics: readonly string[], onEvent: (event: LiveEvent) => void): void {
  const stream = use(LiveContext);
  const take = useEffectEvent((event: LiveEvent) => {
    if (event.topic === "reset" || topics.includes(event.topic)) onEvent(event);
  });
  useEffect(
    () =>
      stream?.listen((event) => {
        take(event);
      }),
    [stream],
  );
}

const settleMs = 300;

/** Reads the server-rendered page again when something of these topics changed. */
export function LiveRefresh({ topics }: { topics: readonly string[] }) {
  const router = useRouter();
  const [due, setDue] = useState(0);
  useLive(topics, () => {
    setDue((count) => count + 1);
  });
  useEffect(() => {
    if (due === 0) return;
    const timer = setTimeout(() => {
      // Signed out, a refresh would leave the page and lose what was typed: then the dialog to sign in comes up instead.
      api("GET", "/api/session").then(
        () => {
          router.refresh();
        },
        () => undefined,
      );
    }, settleMs);
    return () => {
      clearTimeout(timer);
    };
  }, [due, router]);
  return null;
}

function words(state: LiveState): string {
  switch (state.kind) {
    case "connecting":
      return "Connecting…";
    case "live":
      return "Live";
    case "reconnecting":
      return "Reconnecting…";
    case "stale":
      return `Not live since ${clockText(new Date(state.sinceMs).toISOString())}`;
  }
}

const dots: Record<LiveState["kind"], string> = {
  connecting: "border-line-strong",
  live: "border-green-mark bg-green-mark",
  reconnecting: "border-amber-mark",
  stale: "border-red-mark bg-red-mark",
};

export function LiveIndicator() {
  const stream = use(LiveContext);
  const state = useSyncExternalStore(
    stream?.watch ?? (() => () => undefined),
    () => stream?.state ?? connecting,
    () => connecting,
  );
  return (
    <span role="status" className="inline-flex items-center gap-1.5 text-sm whitespace-nowrap text-ink-soft">
      <span aria-hidden className={cn("size-2 rounded-full border", dots[state.kind])} />
      <span className={cn(state.kind !== "stale" && "max-sm:sr-only")}>{words(state)}</span>
    </span>
  );
}
