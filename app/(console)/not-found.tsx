import { SearchX } from "lucide-react";
import Link from "next/link";
import { PageFrame } from "@/components/shell/page-frame";
import { buttonLook } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";

export default function ConsoleNotFound() {
  return (
    <PageFrame title="There is no such thing here" crumb="Not found">
      <EmptyState
        icon={SearchX}
        action={
          <Link href="/overview" className={buttonLook({})}>
            Go to the overview
          </Link>
        }
      >
        It may have been deleted, or it belongs to another organisation.
      </EmptyState>
    </PageFrame>
  );
}
