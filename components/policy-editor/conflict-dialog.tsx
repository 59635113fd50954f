"use client";

import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { ErrorNote, type Failure } from "@/components/ui/error-note";
import { PlainText } from "@/components/ui/plain-text";
import { Skeleton } from "@/components/ui/skeleton";
import { Time } from "@/components/ui/time";
import type { PolicyVersionDto } from "@/lib/policies/schema";
import { DiffView } from "./diff-view";

interface Props {
  mine: string;
  /** The version that went live meanwhile; null until it has been read. */
  theirs: { version: number; text: string } | null;
  /** Who published it, when and why; undefined until it has been read. */
  whose: PolicyVersionDto | undefined;
  sending: boolean;
  failure: Failure | null;
  onTakeTheirs: () => void;
  onPublishMine: () => void;
  onClose: () => void;
}

/** Someone else published first: both texts, and the choice. Closing keeps the draft as it is. */
export function ConflictDialog({ mine, theirs, whose, sending, failure, onTakeTheirs, onPublishMine, onClose }: Props) {
  const version = theirs ? `v${String(theirs.version)}` : "…";
  return (
    <Dialog
      open
      onOpenChange={onClose}
      width="xl"
      title="Someone else published first"
      description={`${version} went live while you were editing. Left: ${version}. Right: your text. Nothing of yours was lost.`}
      footer={
        <>
          <Button onClick={onClose}>Keep editing</Button>
          <Button disabled={!theirs || sending} onClick={onTakeTheirs}>
            Load {version}, drop mine
          </Button>
          <Button look="danger" disabled={!theirs || sending} onClick={onPublishMine}>
            Publish mine over {version}
          </Button>
        </>
      }
    >
      {failure ? <ErrorNote failure={failure} /> : null}
      {whose ? (
        <p className="mb-3 text-base">
          {version} is by <PlainText text={whose.author ?? "PolicyLayer"} />, <Time at={whose.createdAt} quiet />
          {whose.reason === "" ? (
            ", without a reason."
          ) : (
            <>
              : <PlainText text={whose.reason} />
            </>
          )}
        </p>
      ) : null}
      <div className="h-[55dvh] overflow-hidden rounded-md border border-line">
        {theirs ? (
          <DiffView before={theirs.text} after={mine} label="Their version and yours" />
        ) : (
          <Skeleton className="m-4 h-40" />
        )}
      </div>
    </Dialog>
  );
}
