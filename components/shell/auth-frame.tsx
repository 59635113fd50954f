import type { ReactNode } from "react";
import { cn } from "@/components/ui/cn";
import { Mark } from "./mark";
import { ThemeMenu } from "./theme-menu";

/** The quiet frame of pages outside the console: one column, one task. */
export function AuthFrame({ children, wide = false }: { children: ReactNode; wide?: boolean }) {
  return (
    <div className="flex min-h-dvh flex-col">
      <div className="flex justify-end p-2">
        <ThemeMenu />
      </div>
      <main
        className={cn("mx-auto flex w-full grow flex-col justify-center px-4 pb-24", wide ? "max-w-lg" : "max-w-sm")}
      >
        <p className="mb-6 flex items-center gap-2 text-base font-semibold tracking-tight">
          <Mark className="size-6" /> PolicyLayer
        </p>
        {children}
      </main>
    </div>
  );
}
