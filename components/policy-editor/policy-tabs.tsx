"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { cn } from "@/components/ui/cn";

const pages = [
  { path: "", label: "Editor" },
  { path: "/coverage", label: "Coverage" },
  { path: "/versions", label: "Versions" },
] as const;

/** The pages of one policy; an unpublished draft stays while they are walked through. */
export function PolicyTabs({ policyId }: { policyId: string }) {
  const pathname = usePathname();
  const home = `/policies/${policyId}`;
  return (
    <nav aria-label="Pages of this policy" className="mb-4 flex gap-1 overflow-x-auto border-b border-line">
      {pages.map(({ path, label }) => {
        const href = `${home}${path}`;
        const here = pathname === href || (path !== "" && pathname.startsWith(`${href}/`));
        return (
          <Link
            key={path}
            href={href}
            aria-current={here ? "page" : undefined}
            className={cn(
              "-mb-px inline-flex h-9 items-center border-b-2 px-2.5 text-base whitespace-nowrap -outline-offset-2 touch:h-11",
              here ? "border-accent font-medium text-ink" : "border-transparent text-ink-soft hover:text-ink",
            )}
          >
            {label}
          </Link>
        );
      })}
    </nav>
  );
}
