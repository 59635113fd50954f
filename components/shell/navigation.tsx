"use client";

import {
  Boxes,
  FileCode2,
  KeyRound,
  LayoutDashboard,
  ScrollText,
  Server,
  Settings,
  type LucideIcon,
} from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { cn } from "@/components/ui/cn";
import { Mark } from "./mark";

interface Place {
  href: string;
  label: string;
  icon: LucideIcon;
  /** What lies below the place, when that is more than its own path. */
  within?: string;
}

const places: readonly Place[] = [
  { href: "/overview", label: "Overview", icon: LayoutDashboard },
  { href: "/logs", label: "Logs", icon: ScrollText },
  { href: "/policies", label: "Policies", icon: FileCode2 },
  { href: "/servers", label: "Servers", icon: Server },
  { href: "/bundles", label: "Bundles", icon: Boxes },
  { href: "/grants", label: "Grants", icon: KeyRound },
];
const lastPlaces: readonly Place[] = [
  { href: "/settings/api-tokens", label: "Settings", icon: Settings, within: "/settings" },
];

/** Brand and list of places; the rail and the drawer show the same ones. */
export function Navigation({ onGo }: { onGo?: () => void }) {
  return (
    <nav aria-label="Main" className="flex min-h-full flex-col">
      <Brand />
      <Places places={places} {...(onGo ? { onGo } : {})} />
      <Places places={lastPlaces} className="mt-auto" {...(onGo ? { onGo } : {})} />
    </nav>
  );
}

interface PlacesProps {
  places: readonly Place[];
  className?: string;
  onGo?: () => void;
}

function Places({ places, className, onGo }: PlacesProps) {
  const pathname = usePathname();
  return (
    <ul className={cn("flex flex-col gap-0.5 p-2", className)}>
      {places.map(({ href, label, icon: Icon, within = href }) => {
        const here = pathname === within || pathname.startsWith(`${within}/`);
        return (
          <li key={href}>
            <Link
              href={href}
              aria-current={here ? "page" : undefined}
              {...(onGo ? { onClick: onGo } : {})}
              className={cn(
                "flex h-8 items-center gap-2.5 rounded-md px-2.5 text-base touch:h-11",
                here ? "bg-accent-soft font-medium text-accent" : "text-ink-soft hover:bg-hover hover:text-ink",
              )}
            >
              <Icon aria-hidden className="size-4" />
              {label}
            </Link>
          </li>
        );
      })}
    </ul>
  );
}

function Brand() {
  return (
    <Link href="/overview" className="flex h-12 items-center gap-2 px-4 text-base font-semibold tracking-tight">
      <Mark className="size-5" /> PolicyLayer
    </Link>
  );
}
