import Link from "next/link";
import type { ReactNode } from "react";
import { buttonLook } from "@/components/ui/button";
import { Mark } from "./mark";

/** A page that only says something, with the way back. */
export function Notice({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-md flex-col justify-center gap-4 px-4 py-16">
      <Mark className="size-7" />
      <h1 className="text-xl">{title}</h1>
      <p className="text-base text-ink-soft">{children}</p>
      <Link href="/overview" className={buttonLook({ className: "w-fit" })}>
        Go to the overview
      </Link>
    </main>
  );
}
