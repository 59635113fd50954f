"use client";

import { Pencil, Power, Trash2 } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { toast } from "sonner";
import { api } from "@/components/shell/api";
import { useAction } from "@/components/shell/use-action";
import { ActionLine, ActionLines } from "@/components/ui/action-line";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { Dialog } from "@/components/ui/dialog";
import { ErrorNote } from "@/components/ui/error-note";
import { Field } from "@/components/ui/field";
import { GatedButton } from "@/components/ui/gated-button";
import { Input } from "@/components/ui/input";
import { Panel } from "@/components/ui/panel";
import { countText } from "@/components/ui/word";
import type { BundleDto } from "@/lib/bundles/schema";

type Asking = "rename" | "disable" | "delete";

/** Rename, disable, delete. */
export function BundleAccess({ bundle, refusal }: { bundle: BundleDto; refusal: string | null }) {
  const router = useRouter();
  const [asking, setAsking] = useState<Asking | null>(null);
  const close = () => {
    setAsking(null);
  };
  const toggle = useAction(async () => {
    await api("PATCH", `/api/bundles/${bundle.id}`, { enabled: !bundle.enabled });
    toast.success(bundle.enabled ? "Bundle disabled. Its calls are denied now." : "Bundle enabled.");
    close();
    router.refresh();
  });
  const remove = useAction(async () => {
    await api("DELETE", `/api/bundles/${bundle.id}`);
    toast.success(`Deleted ${bundle.name}.`);
    router.push("/bundles");
  });
  const grants = countText(bundle.grantCount, "active grant");
  return (
    <Panel title="Access">
      <ActionLines>
        {toggle.failure && asking === null ? <ErrorNote failure={toggle.failure} /> : null}
        <ActionLine
          title={bundle.enabled ? "Disable this bundle" : "Enable this bundle"}
          note={
            bundle.enabled
              ? "Every call through it is denied until it is enabled again. Its servers stay reachable by their own grants."
              : "Calls are judged by the policies of its servers again."
          }
        >
          <GatedButton
            reason={refusal}
            disabled={toggle.sending}
            onClick={() => {
              if (bundle.enabled) setAsking("disable");
              else void toggle.run();
            }}
          >
            <Power aria-hidden /> {bundle.enabled ? "Disable…" : "Enable"}
          </GatedButton>
        </ActionLine>
        {refusal === null ? (
          <>
            <ActionLine title="Rename this bundle" note="Agents read the name when they connect. The URL stays.">
              <Button onClick={() => setAsking("rename")}>
                <Pencil aria-hidden /> Rename…
              </Button>
            </ActionLine>
            <ActionLine title="Delete this bundle" note="Its servers and their decision records stay.">
              <Button className="text-red" onClick={() => setAsking("delete")}>
                <Trash2 aria-hidden /> Delete…
              </Button>
            </ActionLine>
          </>
        ) : null}
      </ActionLines>
      {asking === "rename" ? <RenameDialog bundle={bundle} onClose={close} /> : null}
      <ConfirmDialog
        open={asking === "disable"}
        onOpenChange={close}
        title={`Disable ${bundle.name}?`}
        consequence={`${grants} of this bundle lose access now. Calls that are already running are finished.`}
        verb="Disable"
        sending={toggle.sending}
        failure={toggle.failure}
        onConfirm={() => void toggle.run()}
      />
      <ConfirmDialog
        open={asking === "delete"}
        onOpenChange={close}
        title={`Delete ${bundle.name}?`}
        consequence={
          bundle.grantCount === 0
            ? "The URL stops working. This cannot be undone."
            : `It has ${grants}: revoke them first.`
        }
        verb="Delete bundle"
        typed={bundle.name}
        sending={remove.sending}
        failure={remove.failure}
        onConfirm={() => void remove.run()}
      />
    </Panel>
  );
}

function RenameDialog({ bundle, onClose }: { bundle: BundleDto; onClose: () => void }) {
  const router = useRouter();
  const [name, setName] = useState(bundle.name);
  const { run, sending, failure } = useAction(async () => {
    await api("PATCH", `/api/bundles/${bundle.id}`, { name });
    onClose();
    router.refresh();
  });
  return (
    <Dialog open onOpenChange={onClose} title={`Rename ${bundle.name}`}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() !== "") void run();
        }}
      >
        <Field label="Name" error={name.trim() === "" ? "Give it a name" : undefined}>
          {(ids) => (
            <Input
              {...ids}
              value={name}
              onChange={(event) => {
                setName(event.target.value);
              }}
            />
          )}
        </Field>
        {failure ? <ErrorNote failure={failure} /> : null}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={sending}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
