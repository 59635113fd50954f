"use client";

import { CodeBlock } from "@/components/ui/code-block";
import { PlainText } from "@/components/ui/plain-text";
import { StateChip } from "@/components/ui/state-chip";
import { visibleText } from "@/components/ui/visible-text";
import { agentText } from "@/lib/policy/agent-text";
import type { ApprovalTerms } from "@/lib/policy/document";
import { durationText } from "@/lib/policy/duration";
import { ruleName } from "@/lib/policy/run-tests";
import type { Verdict } from "@/lib/policy/simulate";
import { CounterList } from "./counter-list";
import type { Judgement, ReadyPolicy } from "./judgement";
import { RuleList } from "./rule-list";

interface Props {
  judged: Judgement;
  policy: ReadyPolicy;
  /** What the live version answers; null when it is the same text. */
  before: Verdict | null;
  live: number | null;
}

/** The answer to a sample: the verdict, what the agent reads, every rule, counters, shadow results. */
export function VerdictView({ judged, policy, before, live }: Props) {
  const { verdict, facts, rules, counters, shadow } = judged;
  const said = agentText(verdict, facts.tool);
  return (
    <>
      <section aria-label="Answer" className="grid grid-cols-1 gap-2 border-t border-line pt-4">
        <div role="status" className="flex flex-wrap items-center gap-2">
          <StateChip state={verdict.kind} />
          <span className="min-w-0 text-base">{reasonWords(judged)}</span>
        </div>
        {verdict.kind === "allow" || !verdict.rule.startsWith("/") ? null : (
          <p className="text-sm text-ink-soft">
            Decided by <PlainText text={ruleName(verdict.rule)} className="font-mono text-ink" />
          </p>
        )}
        {before ? (
          <p className="flex flex-wrap items-center gap-1.5 text-sm text-ink-soft">
            Version {live}, which is live, answers <StateChip state={before.kind} />
          </p>
        ) : null}
        {said === null ? (
          <p className="text-sm text-ink-soft">The call goes through; the agent reads the tool&rsquo;s own answer.</p>
        ) : (
          <CodeBlock wrap title="The agent reads" text={visibleText(said)} />
        )}
        {verdict.kind === "hold" ? verdict.terms.map((terms, index) => <Terms key={index} terms={terms} />) : null}
      </section>
      <RuleList rules={rules} policy={policy} none={noRules(judged)} />
      {counters.length > 0 ? <CounterList counters={counters} names={policy.names} /> : null}
      {shadow.length > 0 ? <Shadow notes={shadow} /> : null}
    </>
  );
}

function reasonWords({ verdict, rules }: Judgement): string {
  switch (verdict.kind) {
    case "allow":
      return "Every rule lets it pass.";
    case "hidden":
      return "The policy hides this tool.";
    case "hold":
      return "A person has to approve it.";
    case "rate_limited":
      return "A limit has no room for it.";
    case "deny":
      return denialWords(verdict.reason, rules.find(({ decides }) => decides)?.action === "deny");
  }
}

function denialWords(reason: Extract<Verdict, { kind: "deny" }>["reason"], denies: boolean): string {
  switch (reason) {
    case "rule":
      return denies ? "A rule denies such calls." : "A condition is not met.";
    case "absent":
      return "Something that a rule looks at is missing.";
    case "type":
      return "A rule cannot judge a value of this type.";
    case "amount":
      return "The amount to count is missing, negative or no number.";
    case "default_deny":
      return "Nothing in the policy lists this tool.";
  }
}

function noRules({ verdict }: Judgement): string {
  if (verdict.kind === "hidden") return "Hidden tools are answered before any rule is looked at.";
  if (verdict.kind === "deny") return "Tools that nothing lists are denied before any rule is looked at.";
  return "No rule is for this tool.";
}

/** Who could approve a held call, and until when. */
function Terms({ terms }: { terms: ApprovalTerms }) {
  const { approvers, quorum, timeoutMs, reasonRequired } = terms;
  return (
    <p className="text-sm">
      Could be approved by <PlainText text={approvers.join(", ")} className="font-mono" />
      {quorum > 1 ? `, ${String(quorum)} of them,` : ""} within {durationText(timeoutMs)}
      {reasonRequired ? ", with a reason" : ""}.
    </p>
  );
}

function Shadow({ notes }: { notes: Judgement["shadow"] }) {
  const words = { deny: "Would deny", hold: "Would hold", rate_limited: "Would limit" };
  return (
    <section aria-label="In shadow" className="grid grid-cols-1 gap-2">
      <h2 className="text-base">In shadow</h2>
      <ul className="grid gap-1.5">
        {notes.map(({ rule, would }) => (
          <li key={`${rule} ${would}`} className="flex flex-wrap items-center gap-2 text-sm">
            <StateChip state="shadow" word={words[would]} />
            <PlainText text={ruleName(rule)} className="font-mono" />
          </li>
        ))}
      </ul>
    </section>
  );
}
