"use client";

import { createContext, use, type ReactNode } from "react";

export interface Viewer {
  name: string;
  email: string;
  roleWord: string;
}

const ViewerContext = createContext<Viewer | null>(null);

export function ViewerProvider({ viewer, children }: { viewer: Viewer; children: ReactNode }) {
  return <ViewerContext value={viewer}>{children}</ViewerContext>;
}

/** The signed-in person; null outside the console. */
export function useViewer(): Viewer | null {
  return use(ViewerContext);
}
