"use client";

import { CheckCheck, ShieldCheck } from "lucide-react";
import { useRouter } from "next/navigation";
import { useRef, useState } from "react";
import { toast } from "sonner";
import { api } from "@/components/shell/api";
import { useAction } from "@/components/shell/use-action";
import { EmptyState } from "@/components/ui/empty-state";
import { ErrorNote } from "@/components/ui/error-note";
import { GatedButton } from "@/components/ui/gated-button";
import { visibleText } from "@/components/ui/visible-text";
import { countText } from "@/components/ui/word";
import type { ReviewDto, ToolDecision, ToolReviewDto } from "@/lib/servers/review-schema";
import { ReviewCard } from "./review-card";
import { needsOwnLook } from "./review-words";

interface Props {
  serverId: string;
  review: ReviewDto;
  /** By tool name. */
  policies: Readonly<Record<string, { id: string; name: string }[]>>;
  refusal: string | null;
}

const driftTexts: Readonly<Record<ReviewDto["drift"], string>> = {
  enforce: "Calls of changed tools are denied. Agents still see the accepted definitions; new tools are left out.",
  hold: "Calls of changed tools wait for a person, and are refused while nobody can be asked. New tools are left out.",
  warn: "Calls of changed tools go on and are marked in the log. New tools are left out.",
  off: "This server's definitions are not pinned: only what breaks a bound is quarantined.",
};

const seen = ({ name, digest }: ToolReviewDto) => ({ name, digest });

/** Every definition of a server that nobody accepted, each to be accepted or left. */
export function ToolReview({ serverId, review, policies, refusal }: Props) {
  const router = useRouter();
  const top = useRef<HTMLParagraphElement>(null);
  const [current, setCurrent] = useState<string | null>(null);
  const { run, sending, failure } = useAction(async (input: ToolDecision) => {
    await api("POST", `/api/servers/${serverId}/review`, input);
    const what =
      input.tools.length === 1 ? visibleText(input.tools[0]?.name ?? "") : countText(input.tools.length, "tool");
    toast.success(input.decision === "accept" ? `Accepted ${what}.` : `${what} stays quarantined.`);
    top.current?.focus();
    router.refresh();
  });
  const plain = review.tools.filter((tool) => !needsOwnLook(tool) && !tool.isRejected);
  if (review.tools.length === 0) {
    return <EmptyState icon={ShieldCheck}>Every tool is what somebody accepted. Nothing waits here.</EmptyState>;
  }
  return (
    <div className="grid gap-4">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <p ref={top} tabIndex={-1} className="min-w-0 grow basis-60 text-ink-soft outline-none">
          {driftTexts[review.drift]}
        </p>
        {plain.length > 1 && refusal === null ? (
          <GatedButton
            reason={null}
            disabled={sending}
            onClick={() => {
              setCurrent(null);
              void run({ decision: "accept", tools: plain.slice(0, 500).map(seen), reason: "" });
            }}
          >
            <CheckCheck aria-hidden /> Accept the {countText(plain.length, "tool")} without flags
          </GatedButton>
        ) : null}
      </div>
      {failure && current === null ? <ErrorNote failure={failure} /> : null}
      {review.tools.map((tool) => (
        <ReviewCard
          key={`${tool.name} ${tool.digest}`}
          tool={tool}
          policies={policies[tool.name] ?? []}
          refusal={refusal}
          sending={sending}
          failure={current === tool.name ? failure : null}
          decide={(decision, reason) => {
            setCurrent(tool.name);
            void run({ decision, tools: [seen(tool)], reason });
          }}
        />
      ))}
    </div>
  );
}
