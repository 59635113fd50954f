import { GitCompare, Send } from "lucide-react";
import { Button } from "@/components/ui/button";
import { GatedButton } from "@/components/ui/gated-button";

interface Props {
  said: string;
  /** A version that someone else published while this draft was open. */
  newer: number | null;
  onCompare: () => void;
  refusal: string | null;
  unsaved: boolean;
  onPublish: () => void;
}

export function Toolbar({ said, newer, onCompare, refusal, unsaved, onPublish }: Props) {
  return (
    <div className="flex min-h-8 flex-wrap items-center gap-x-3 gap-y-2">
      <p role="status" className="text-sm text-ink-soft">
        {said}
      </p>
      {newer === null ? null : (
        <Button size="sm" onClick={onCompare}>
          <GitCompare aria-hidden /> v{newer} was published meanwhile
        </Button>
      )}
      <span className="ml-auto">
        <GatedButton look="primary" reason={refusal} disabled={!unsaved} onClick={onPublish}>
          <Send aria-hidden /> Publish…
        </GatedButton>
      </span>
    </div>
  );
}
