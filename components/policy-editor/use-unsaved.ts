"use client";

import { useEffect } from "react";

const question = "Your changes are not published. Leave this page and lose them?";

/** Asks before unpublished work is lost, by closing the tab or by following a link inside the console. */
export function useUnsaved(unsaved: boolean): void {
  useEffect(() => {
    if (!unsaved) return;
    const leaving = (event: BeforeUnloadEvent) => {
      event.preventDefault();
    };
    const following = (event: MouseEvent) => {
      const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
      if (!(link instanceof HTMLAnchorElement) || event.metaKey || event.ctrlKey || event.shiftKey) return;
      if (link.pathname === window.location.pathname || link.target === "_blank") return;
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
  }, [unsaved]);
}
