import { Circle, CircleCheck } from "lucide-react";
import Link from "next/link";
import { cn } from "@/components/ui/cn";
import { Panel } from "@/components/ui/panel";
import type { Overview } from "@/lib/analytics/schema";

type Checklist = Overview["checklist"];

interface Step {
  key: keyof Checklist;
  title: string;
  todo: string;
  href: string;
}

const steps: readonly Step[] = [
  {
    key: "server",
    title: "Add a server",
    todo: "Tell the gateway which MCP server to stand in front of.",
    href: "/servers?dialog=add",
  },
  {
    key: "tools",
    title: "Scan its tools",
    todo: "Read the tools so that policies can be checked against them.",
    href: "/servers",
  },
  {
    key: "policy",
    title: "Publish a policy",
    todo: "Say which tools may run, and up to which amounts.",
    href: "/policies/new",
  },
  { key: "grant", title: "Mint a grant", todo: "Give an agent its token and the address to call.", href: "/grants" },
  {
    key: "firstCall",
    title: "First call",
    todo: "Connect an agent with the grant's token. Waiting for your first call…",
    href: "/grants",
  },
  {
    key: "firstDenial",
    title: "First denial",
    todo: "Try something that the policy forbids.",
    href: "/logs?decision=deny",
  },
];

export function isDone(checklist: Checklist): boolean {
  return steps.every((step) => checklist[step.key]);
}

/** The steps to a governed call; each ticks itself from facts. */
export function SetUpChecklist({ checklist }: { checklist: Checklist }) {
  const done = steps.filter((step) => checklist[step.key]).length;
  const next = steps.find((step) => !checklist[step.key])?.key;
  return (
    <Panel title="Set-up" note={`${String(done)} of ${String(steps.length)} done`} bodyClassName="p-0">
      <ol className="divide-y divide-line">
        {steps.map((step) => {
          const ticked = checklist[step.key];
          const Icon = ticked ? CircleCheck : Circle;
          return (
            <li key={step.key} className="flex items-start gap-3 px-4 py-2">
              <Icon aria-hidden className={cn("mt-0.5 size-4 shrink-0", ticked ? "text-green" : "text-ink-faint")} />
              <div className="min-w-0 sm:flex sm:grow sm:items-baseline sm:gap-3">
                <Link href={step.href} className="font-medium hover:underline sm:w-36 sm:shrink-0">
                  {step.title}
                  <span className="sr-only">{ticked ? " (done)" : " (to do)"}</span>
                </Link>
                {ticked ? null : (
                  <p className={cn("text-sm", step.key === next ? "text-ink" : "text-ink-faint")}>{step.todo}</p>
                )}
              </div>
            </li>
          );
        })}
      </ol>
    </Panel>
  );
}
