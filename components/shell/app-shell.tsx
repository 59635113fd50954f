import type { ReactNode } from "react";
import { LiveProvider } from "./live";
import { Navigation } from "./navigation";
import { SessionDialog } from "./session-dialog";
import { ViewerProvider, type Viewer } from "./viewer";

/** Rail beside the page; each page brings its own top bar in `PageFrame`. */
export function AppShell({ viewer, children }: { viewer: Viewer; children: ReactNode }) {
  return (
    <ViewerProvider viewer={viewer}>
      <LiveProvider>
        <a
          href="#content"
          className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-md focus:bg-accent focus:px-3 focus:py-2 focus:text-accent-ink"
        >
          Skip to content
        </a>
        <div className="flex min-h-dvh">
          <div className="sticky top-0 hidden h-dvh w-[232px] shrink-0 flex-col border-r border-line bg-surface lg:flex">
            <Navigation />
          </div>
          <div className="flex min-w-0 grow flex-col">{children}</div>
        </div>
        <SessionDialog />
      </LiveProvider>
    </ViewerProvider>
  );
}
