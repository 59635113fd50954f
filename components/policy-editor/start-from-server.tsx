"use client";

import Link from "next/link";
import { useState } from "react";
import { api } from "@/components/shell/api";
import { useAction } from "@/components/shell/use-action";
import { Button } from "@/components/ui/button";
import { ErrorNote } from "@/components/ui/error-note";
import { Field } from "@/components/ui/field";
import { Select } from "@/components/ui/select";
import { visibleText } from "@/components/ui/visible-text";
import { countText } from "@/components/ui/word";
import { StartCard } from "./start-card";

export interface ServerChoice {
  id: string;
  name: string;
  toolCount: number;
}

interface Props {
  servers: readonly ServerChoice[];
  /** Takes over a text, with where it comes from; asks before it drops what was typed. */
  onText: (text: string, origin: string) => void;
  readOnly: boolean;
}

/** A first policy from the tools that a server was found to have. */
export function StartFromServer({ servers, onText, readOnly }: Props) {
  const [serverId, setServerId] = useState(servers.find((server) => server.toolCount > 0)?.id ?? servers[0]?.id ?? "");
  const [safe, setSafe] = useState(false);
  const server = servers.find((item) => item.id === serverId);
  const { run, sending, failure } = useAction(async (chosen: ServerChoice) => {
    const path = `/api/servers/${chosen.id}/scaffold?safe=${String(safe)}`;
    const { text } = await api<{ text: string }>("GET", path);
    onText(text, `${safe ? "Safe start" : "Scaffold"} from ${visibleText(chosen.name)}.`);
  });
  if (!server) {
    return (
      <p className="text-sm text-ink-soft">
        No server yet.{" "}
        <Link href="/servers" className="text-accent underline underline-offset-2">
          Add one and scan its tools
        </Link>{" "}
        first.
      </p>
    );
  }
  return (
    <div className="grid gap-3">
      <Field label="Server">
        {(ids) => (
          <Select
            {...ids}
            value={serverId}
            onChange={setServerId}
            choices={servers.map(({ id, name, toolCount }) => ({
              value: id,
              label: visibleText(name),
              note: countText(toolCount, "tool"),
            }))}
          />
        )}
      </Field>
      <fieldset className="min-w-0">
        <legend className="mb-1.5 text-sm font-medium">What to write</legend>
        <div className="grid gap-2">
          <StartCard
            group="scaffold"
            title="Scaffold"
            note="Lists every tool and allows it; what is not listed is denied."
            checked={!safe}
            onChoose={() => {
              setSafe(false);
            }}
          />
          <StartCard
            group="scaffold"
            title="Safe start"
            note="A starter rule by risk: medium and high 30 calls a minute, critical waits for a person."
            checked={safe}
            onChoose={() => {
              setSafe(true);
            }}
          />
        </div>
      </fieldset>
      {server.toolCount === 0 ? (
        <p className="text-sm text-ink-soft">
          No tools are known of this server.{" "}
          <Link href={`/servers/${server.id}`} className="text-accent underline underline-offset-2">
            Scan it on its page
          </Link>{" "}
          first.
        </p>
      ) : null}
      {failure ? <ErrorNote failure={failure} onRetry={() => void run(server)} /> : null}
      <div>
        <Button disabled={sending || readOnly || server.toolCount === 0} onClick={() => void run(server)}>
          {sending ? "Writing…" : "Write the text"}
        </Button>
      </div>
    </div>
  );
}
