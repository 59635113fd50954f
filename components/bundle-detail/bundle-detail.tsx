"use client";

import { Plus } from "lucide-react";
import { useState } from "react";
import { CopyLine } from "@/components/ui/copy-line";
import { Fact, Facts } from "@/components/ui/facts";
import { GatedButton } from "@/components/ui/gated-button";
import { Panel } from "@/components/ui/panel";
import type { Choice } from "@/components/ui/select";
import { StateChip } from "@/components/ui/state-chip";
import { Time } from "@/components/ui/time";
import { countText } from "@/components/ui/word";
import type { BundleDto, BundleMemberDto } from "@/lib/bundles/schema";
import { BundleAccess } from "./bundle-access";
import { AddMemberDialog, PrefixDialog, RemoveDialog } from "./member-dialogs";
import { MemberTable } from "./member-table";

export interface BundleRights {
  /** Why this person may not change the bundle; null when they may. */
  manage: string | null;
  /** Why they may not set a server's policy. */
  attach: string | null;
}

interface Props {
  bundle: BundleDto;
  /** Every server of the organisation. */
  servers: readonly Choice[];
  policies: readonly Choice[];
  rights: BundleRights;
}

type Act = { kind: "add" } | { kind: "prefix" | "remove"; member: BundleMemberDto };

/** One bundle: its URL, its servers with prefix, policy and order, and what an admin may do to it. */
export function BundleDetail({ bundle, servers, policies, rights }: Props) {
  const [act, setAct] = useState<Act | null>(null);
  const close = () => {
    setAct(null);
  };
  const free = servers.filter(({ value }) => bundle.members.every(({ server }) => server.id !== value));
  return (
    <div className="grid gap-4">
      <Panel title="Bundle" actions={<StateChip state={bundle.enabled ? "enabled" : "disabled"} />}>
        <Facts>
          <Fact label="URL for agents">
            <CopyLine text={bundle.mcpUrl} label="Copy MCP URL" />
          </Fact>
          <Fact label="Grants">{countText(bundle.grantCount, "active grant")}</Fact>
          <Fact label="Created">
            <Time at={bundle.createdAt} />
          </Fact>
        </Facts>
      </Panel>
      <Panel
        title="Servers"
        note={bundle.members.length > 0 ? "an agent sees prefix__tool" : undefined}
        bodyClassName="p-0"
        actions={
          <GatedButton
            size="sm"
            reason={rights.manage}
            onClick={() => {
              setAct({ kind: "add" });
            }}
          >
            <Plus aria-hidden /> Add server
          </GatedButton>
        }
      >
        <MemberTable
          bundle={bundle}
          policies={policies}
          rights={rights}
          onAct={(kind, member) => setAct({ kind, member })}
        />
      </Panel>
      <BundleAccess bundle={bundle} refusal={rights.manage} />
      {act?.kind === "add" ? (
        <AddMemberDialog bundle={bundle} servers={free} policies={policies} onClose={close} />
      ) : null}
      {act?.kind === "prefix" ? <PrefixDialog bundle={bundle} member={act.member} onClose={close} /> : null}
      {act?.kind === "remove" ? <RemoveDialog bundle={bundle} member={act.member} onClose={close} /> : null}
    </div>
  );
}
