"use client";

import Link from "next/link";
import { useRouter } from "next/navigation";
import { CopyButton } from "@/components/ui/copy-button";
import { GatedButton } from "@/components/ui/gated-button";
import { Panel } from "@/components/ui/panel";
import { PlainText } from "@/components/ui/plain-text";
import { Select, type Choice } from "@/components/ui/select";
import { StateChip } from "@/components/ui/state-chip";
import { Tabs } from "@/components/ui/tabs";
import { Time } from "@/components/ui/time";
import type { PolicyDto, ShownVersionDto } from "@/lib/policies/schema";
import { ChangeWords } from "./change-words";
import { DiffView } from "./diff-view";
import { useDraftStore } from "./policy-draft";
import { useChanges } from "./use-changes";
import { usePolicyDraft } from "./use-policy-draft";
import { TestCount } from "./version-table";

interface Props {
  policy: PolicyDto;
  shown: ShownVersionDto;
  /** The version that it is compared with; null when there is no other one. */
  against: { version: number; text: string } | null;
  refusal: string | null;
}

/** One version: who, when, why, what it changed, its text, and the way back to it. */
export function VersionDetail({ policy, shown, against, refusal }: Props) {
  const live = shown.version === policy.liveVersion;
  return (
    <div className="grid grid-cols-1 gap-4">
      <div className="flex flex-wrap items-start gap-x-4 gap-y-2">
        <div className="grid min-w-0 gap-1">
          <h2 className="flex flex-wrap items-center gap-2 text-base">
            Version {shown.version} {live ? <StateChip state="live" /> : null} <TestCount version={shown} />
          </h2>
          <p className="text-base text-ink-soft">
            <Time at={shown.createdAt} quiet /> by <PlainText text={shown.author ?? "PolicyLayer"} />
            {shown.reason === "" ? null : (
              <>
                : <PlainText text={shown.reason} className="text-ink" />
              </>
            )}
          </p>
          <p className="flex items-center gap-1 text-sm text-ink-soft">
            Hash <code className="font-mono">{shown.contentHash.slice(0, 12)}</code>
            <CopyButton text={shown.contentHash} label="Copy the whole hash" />
          </p>
        </div>
        {live ? null : (
          <span className="ml-auto">
            <Restore policy={policy} shown={shown} refusal={refusal} />
          </span>
        )}
      </div>
      <Panel title="What it changed" note={previousNote(policy, shown.version)}>
        <ChangeWords changes={shown.changes} />
      </Panel>
      <Texts policy={policy} shown={shown} against={against} />
    </div>
  );
}

function previousNote(policy: PolicyDto, version: number): string {
  const previous = policy.versions.find((item) => item.version < version);
  return previous ? `from version ${String(previous.version)}` : "the first version";
}

/** Puts the text into the draft and asks for it to be published: that makes a new version. */
function Restore({ policy, shown, refusal }: Pick<Props, "policy" | "shown" | "refusal">) {
  const router = useRouter();
  const store = useDraftStore();
  const draft = usePolicyDraft(policy);
  const restore = () => {
    if (draft.unsaved && !window.confirm("Replace your unpublished changes by this version?")) return;
    draft.setText(shown.text);
    store.setAsked(`Restore version ${String(shown.version)}`);
    router.push(`/policies/${policy.id}`);
  };
  return (
    <GatedButton look="primary" reason={refusal} onClick={restore}>
      Restore…
    </GatedButton>
  );
}

function Texts({ policy, shown, against }: Pick<Props, "policy" | "shown" | "against">) {
  const text = (
    <pre
      tabIndex={0}
      role="region"
      aria-label={`Text of version ${String(shown.version)}`}
      className="max-h-[70dvh] overflow-auto rounded-lg border border-line bg-surface p-3 font-mono text-sm"
    >
      {shown.text}
    </pre>
  );
  if (!against) return text;
  return (
    <Tabs
      label="Version"
      tabs={[
        { value: "compare", label: "Compare", content: <Comparison policy={policy} shown={shown} against={against} /> },
        { value: "text", label: "Text", content: text },
      ]}
    />
  );
}

interface ComparisonProps {
  policy: PolicyDto;
  shown: ShownVersionDto;
  against: { version: number; text: string };
}

/** Any other version beside this one, the older one first. */
function Comparison({ policy, shown, against }: ComparisonProps) {
  const router = useRouter();
  const [older, newer] = against.version < shown.version ? [against, shown] : [shown, against];
  const changes = useChanges(older.text, newer.text);
  const choices = policy.versions.filter(({ version }) => version !== shown.version);
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <span className="text-sm text-ink-soft">Compare with</span>
        <Select
          aria-label="Compare with"
          className="w-56"
          value={String(against.version)}
          choices={choices.map((version): Choice => toChoice(version.version, policy.liveVersion))}
          onChange={(version) => {
            router.replace(`/policies/${policy.id}/versions/${String(shown.version)}?against=${version}`, {
              scroll: false,
            });
          }}
        />
        <Link
          href={`/policies/${policy.id}/versions/${String(against.version)}?against=${String(shown.version)}`}
          className="inline-flex min-h-6 items-center text-sm text-accent hover:underline touch:min-h-11"
        >
          Open version {against.version}
        </Link>
      </div>
      <p className="text-sm text-ink-soft">
        From version {older.version} to version {newer.version}:
      </p>
      {changes ? <ChangeWords changes={changes.summary} /> : null}
      <div className="h-[60dvh] overflow-hidden rounded-lg border border-line bg-surface">
        <DiffView
          before={older.text}
          after={newer.text}
          label={`Version ${String(older.version)} and version ${String(newer.version)}`}
        />
      </div>
    </div>
  );
}

function toChoice(version: number, live: number | null): Choice {
  return { value: String(version), label: `Version ${String(version)}${version === live ? ", live" : ""}` };
}
