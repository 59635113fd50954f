"use client";

import { useEffect, useEffectEvent } from "react";

/** ⌘S or Ctrl+S anywhere on the page. */
export function useSaveKey(save: () => void): void {
  const take = useEffectEvent((event: KeyboardEvent) => {
    if (!(event.metaKey || event.ctrlKey) || event.key.toLowerCase() !== "s") return;
    event.preventDefault();
    if (!event.repeat) save();
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      take(event);
    };
    window.addEventListener("keydown", listen);
    return () => {
      window.removeEventListener("keydown", listen);
    };
  }, []);
}
