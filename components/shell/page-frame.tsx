import { ChevronRight } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { cn } from "@/components/ui/cn";
import { AccountMenu } from "./account-menu";
import { Drawer } from "./drawer";
import { LiveIndicator } from "./live";
import { ThemeMenu } from "./theme-menu";

export interface Crumb {
  label: string;
  href?: string;
}

interface Props {
  title: ReactNode;
  /** Pages above this one; the page itself is added as the last crumb. */
  crumbs?: readonly Crumb[];
  crumb?: string;
  note?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  /** Editors use the whole width. */
  wide?: boolean;
}

/** A console page: top bar with breadcrumbs, one `h1` with its actions, content. */
export function PageFrame({ title, crumbs = [], crumb, note, actions, children, wide = false }: Props) {
  return (
    <>
      <header className="sticky top-0 z-30 flex h-12 items-center gap-2 border-b border-line bg-surface px-2 sm:px-4 lg:px-6">
        <Drawer />
        <nav aria-label="Breadcrumbs" className="min-w-0 grow">
          <ol className="flex min-w-0 items-center gap-1 text-sm text-ink-soft">
            {crumbs.map((item, index) => (
              <li
                key={item.label}
                // On a phone there is room for the page and the one above it.
                className={cn("flex min-w-10 items-center gap-1", index < crumbs.length - 1 && "max-sm:hidden")}
              >
                {item.href ? (
                  <Link href={item.href} className="truncate rounded-sm py-1 hover:text-ink hover:underline">
                    {item.label}
                  </Link>
                ) : (
                  <span className="truncate">{item.label}</span>
                )}
                <ChevronRight aria-hidden className="size-3.5 shrink-0 text-ink-faint" />
              </li>
            ))}
            <li aria-current="page" className="min-w-12 truncate text-ink">
              {crumb ?? title}
            </li>
          </ol>
        </nav>
        <LiveIndicator />
        <ThemeMenu />
        <AccountMenu />
      </header>
      <main id="content" className={cn("w-full grow px-4 py-5 lg:px-6", !wide && "max-w-[1440px]")}>
        <div className="mb-4 flex flex-wrap items-start gap-x-4 gap-y-2">
          <div className="min-w-0">
            <h1 className="text-lg leading-7 [overflow-wrap:anywhere]">{title}</h1>
            {note ? <div className="text-sm text-ink-soft">{note}</div> : null}
          </div>
          {actions ? <div className="ml-auto flex flex-wrap items-center justify-end gap-2">{actions}</div> : null}
        </div>
        {children}
      </main>
    </>
  );
}
