"use client";

import Link from "next/link";
import { useRouter } from "next/navigation";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { GatedButton } from "@/components/ui/gated-button";
import { PlainText } from "@/components/ui/plain-text";
import { StateChip } from "@/components/ui/state-chip";
import { Tabs } from "@/components/ui/tabs";
import { Time } from "@/components/ui/time";
import type { PolicyDto, PolicyVersionDto } from "@/lib/policies/schema";
import { DiffView } from "./diff-view";

export interface ShownVersion extends PolicyVersionDto {
  text: string;
}

/** The published versions, newest first; each opens its text. */
export function VersionList({ policy }: { policy: PolicyDto }) {
  if (policy.versions.length === 0) return <p className="px-4 py-4 text-sm text-ink-soft">Nothing published yet.</p>;
  return (
    <ol className="max-h-[28rem] divide-y divide-line overflow-y-auto">
      {policy.versions.map((item) => (
        <li key={item.version} className="relative grid gap-0.5 px-4 py-2 hover:bg-hover">
          <span className="flex items-center gap-2">
            <Link
              href={`?version=${String(item.version)}`}
              scroll={false}
              aria-label={`Version ${String(item.version)}`}
              className="num font-medium after:absolute after:inset-0 hover:underline"
            >
              v{item.version}
            </Link>
            {item.version === policy.liveVersion ? <StateChip state="live" /> : null}
            <span className="ml-auto text-sm text-ink-soft">
              <Time at={item.createdAt} form="ago" quiet />
            </span>
          </span>
          <span className="text-sm text-ink-soft">
            {item.author ? <PlainText text={item.author} /> : "PolicyLayer"}
            {item.reason ? (
              <>
                {": "}
                <PlainText text={item.reason} />
              </>
            ) : null}
          </span>
        </li>
      ))}
    </ol>
  );
}

interface DialogProps {
  policy: PolicyDto;
  shown: ShownVersion;
  refusal: string | null;
  onRestore: (shown: ShownVersion) => void;
}

/** One version's text, what changed since, and the way back to it. */
export function VersionDialog({ policy, shown, refusal, onRestore }: DialogProps) {
  const router = useRouter();
  const close = () => {
    router.replace(`/policies/${policy.id}`, { scroll: false });
  };
  const live = shown.version === policy.liveVersion;
  const text = (
    <pre
      tabIndex={0}
      role="region"
      aria-label={`Text of version ${String(shown.version)}`}
      className="h-[50dvh] overflow-auto rounded-md border border-line bg-sunken p-3 font-mono text-sm"
    >
      {shown.text}
    </pre>
  );
  const change = (
    <div className="h-[50dvh] overflow-hidden rounded-md border border-line">
      <DiffView before={shown.text} after={policy.text} label={`Version ${String(shown.version)} and live`} />
    </div>
  );
  return (
    <Dialog
      open
      onOpenChange={close}
      width="xl"
      title={`Version ${String(shown.version)}${live ? ", live" : ""}`}
      description={
        <>
          <Time at={shown.createdAt} quiet /> · {shown.author ?? "PolicyLayer"} · hash{" "}
          <code className="font-mono">{shown.contentHash.slice(0, 12)}</code>
        </>
      }
      footer={
        <>
          <Button onClick={close}>Close</Button>
          {live ? null : (
            <GatedButton
              look="primary"
              reason={refusal}
              onClick={() => {
                onRestore(shown);
                close();
              }}
            >
              Restore…
            </GatedButton>
          )}
        </>
      }
    >
      {live ? (
        text
      ) : (
        <Tabs
          label="Version"
          tabs={[
            { value: "text", label: "Text", content: text },
            { value: "change", label: "Compared with live", content: change },
          ]}
        />
      )}
    </Dialog>
  );
}
