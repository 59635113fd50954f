"use client";

import { useEffect } from "react";

const question = "Your changes are not published. Leave this policy and lose them?";

/**
 * Asks before unpublished work is lost, by closing the tab or by following a link out of the pages under `home`, where it
 * is kept.
 */
export function useUnsaved(unsaved: boolean, home: string): void {
  useEffect(() => {
    if (!unsaved) return;
    const leaving = (event: BeforeUnloadEvent) => {
      event.preventDefault();
    };
    const following = (event: MouseEvent) => {
      const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
      if (!(link instanceof HTMLAnchorElement) || event.metaKey || event.ctrlKey || event.shiftKey) return;
      const inside = link.pathname === home || link.pathname.startsWith(`${home}/`);
      if (inside || link.target === "_blank" || link.hasAttribute("download")) return;
      if (window.confirm(question)) return;
      event.preventDefault();
      event.stopPropagation();
    };
    window.addEventListener("beforeunload", leaving);
    document.addEventListener("click", following, true);
    return () => {
      window.removeEventListener("beforeunload", leaving);
      document.removeEventListener("click", following, true);
    };
  }, [unsaved, home]);
}
