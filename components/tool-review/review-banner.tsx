import { ShieldAlert } from "lucide-react";
import Link from "next/link";
import { buttonLook } from "@/components/ui/button";
import type { ReviewCount } from "@/lib/servers/review-schema";
import { waitingText } from "./review-words";

interface Props {
  serverId: string;
  count: ReviewCount;
}

/** Says on the server's page that definitions wait, and leads to them. Nothing when none does. */
export function ReviewBanner({ serverId, count }: Props) {
  const text = waitingText(count);
  if (text === "") return null;
  return (
    <section
      aria-label="Tools to review"
      className="mb-4 flex flex-wrap items-center gap-x-3 gap-y-2 rounded-lg border border-line bg-surface px-4 py-3"
    >
      <ShieldAlert aria-hidden className="size-5 shrink-0 text-amber" strokeWidth={1.75} />
      <p className="min-w-0 grow basis-56">
        <span className="block font-medium">{text}</span>
        <span className="block text-sm text-ink-soft">
          {count.changed > 0
            ? "Agents see what was accepted before, until somebody looks at it."
            : "Agents do not see them until somebody accepts them."}
        </span>
      </p>
      <Link href={`/servers/${serverId}/review`} className={buttonLook({ look: "plain" })}>
        Review
      </Link>
    </section>
  );
}
