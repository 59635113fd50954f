import type { ReactNode } from "react";
import { Mark } from "./mark";
import { ThemeMenu } from "./theme-menu";

/** The quiet frame of pages before sign-in: one column, one task. */
export function AuthFrame({ children }: { children: ReactNode }) {
  return (
    <div className="flex min-h-dvh flex-col">
      <div className="flex justify-end p-2">
        <ThemeMenu />
      </div>
      <main className="mx-auto flex w-full max-w-sm grow flex-col justify-center px-4 pb-24">
        <p className="mb-6 flex items-center gap-2 text-base font-semibold tracking-tight">
          <Mark className="size-6" /> PolicyLayer
        </p>
        {children}
      </main>
    </div>
  );
}
