"use client";

import { ArrowDown, ArrowUp } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { toast } from "sonner";
import { api } from "@/components/shell/api";
import { useAction } from "@/components/shell/use-action";
import { Button } from "@/components/ui/button";
import { ErrorNote } from "@/components/ui/error-note";
import { PlainText } from "@/components/ui/plain-text";
import { Select, type Choice } from "@/components/ui/select";
import { StateChip } from "@/components/ui/state-chip";
import { Cell, HeadCell, Row, Table, TableBody, TableHead } from "@/components/ui/table";
import { countText } from "@/components/ui/word";
import type { BundleDto, BundleMemberDto } from "@/lib/bundles/schema";
import type { BundleRights } from "./bundle-detail";

export const noPolicy = "none";

interface Props {
  bundle: BundleDto;
  policies: readonly Choice[];
  rights: BundleRights;
  onAct: (kind: "prefix" | "remove", member: BundleMemberDto) => void;
}

export function MemberTable({ bundle, policies, rights, onAct }: Props) {
  const router = useRouter();
  const { members } = bundle;
  const order = useAction(async (serverIds: string[]) => {
    await api("PUT", `/api/bundles/${bundle.id}/order`, { serverIds });
    router.refresh();
  });
  const attach = useAction(async (member: BundleMemberDto, policyId: string) => {
    const body = { policyId: policyId === noPolicy ? null : policyId };
    await api("PUT", `/api/bundles/${bundle.id}/members/${member.server.id}/policy`, body);
    toast.success(`${member.server.name} is judged by its new policy from the next call on.`);
    router.refresh();
  });
  const move = (at: number, by: number) => {
    const ids = members.map(({ server }) => server.id);
    const [moved] = ids.splice(at, 1);
    if (moved !== undefined) ids.splice(at + by, 0, moved);
    void order.run(ids);
  };
  if (members.length === 0) {
    return (
      <p className="p-4 text-base text-ink-soft">No server yet. Until one is added, an agent sees no tools here.</p>
    );
  }
  const failure = order.failure ?? attach.failure;
  return (
    <>
      {failure ? (
        <div className="p-4">
          <ErrorNote failure={failure} />
        </div>
      ) : null}
      <Table label="Servers of this bundle" className="rounded-t-none border-0">
        <TableHead>
          <HeadCell>Server</HeadCell>
          <HeadCell>Prefix</HeadCell>
          <HeadCell>Policy</HeadCell>
          <HeadCell align="right">Tools</HeadCell>
          {rights.manage === null ? (
            <HeadCell>
              <span className="sr-only">Actions</span>
            </HeadCell>
          ) : null}
        </TableHead>
        <TableBody>
          {members.map((member, index) => (
            <Row key={member.server.id}>
              <Cell label={null}>
                <ServerName member={member} />
              </Cell>
              <Cell label="Prefix">
                <code className="font-mono">{member.prefix}__</code>
              </Cell>
              <Cell label="Policy">
                <PolicyOf
                  member={member}
                  policies={policies}
                  refusal={rights.attach}
                  onChange={(policyId) => void attach.run(member, policyId)}
                />
              </Cell>
              <Cell label="Tools" align="right">
                {member.toolCount}
              </Cell>
              {rights.manage === null ? (
                <Cell label={null} align="right">
                  <Actions
                    member={member}
                    isFirst={index === 0}
                    isLast={index === members.length - 1}
                    disabled={order.sending}
                    onMove={(by) => {
                      move(index, by);
                    }}
                    onAct={onAct}
                  />
                </Cell>
              ) : null}
            </Row>
          ))}
        </TableBody>
      </Table>
    </>
  );
}

function ServerName({ member: { server, tooLong } }: { member: BundleMemberDto }) {
  return (
    <span className="grid gap-0.5">
      <span className="inline-flex flex-wrap items-center gap-1.5">
        <Link href={`/servers/${server.id}`} className="font-medium hover:underline">
          <PlainText oneLine text={server.name} />
        </Link>
        {server.enabled ? null : <StateChip state="disabled" />}
      </span>
      {tooLong.length > 0 ? (
        <span className="text-sm text-amber">
          {countText(tooLong.length, "tool")} left out: with this prefix the name is longer than 128 characters.
        </span>
      ) : null}
    </span>
  );
}

interface PolicyProps {
  member: BundleMemberDto;
  policies: readonly Choice[];
  refusal: string | null;
  onChange: (policyId: string) => void;
}

function PolicyOf({ member, policies, refusal, onChange }: PolicyProps) {
  const { policy, server } = member;
  if (refusal === null) {
    return (
      <span className="grid w-full max-w-56 gap-0.5 sm:max-w-80">
        <Select
          aria-label={`Policy of ${server.name}`}
          value={policy?.id ?? noPolicy}
          choices={[...policies, { value: noPolicy, label: "None" }]}
          onChange={onChange}
        />
        {policy ? null : <span className="text-sm text-amber">denies everything</span>}
      </span>
    );
  }
  if (!policy) return <span className="text-amber">none: denies everything</span>;
  return (
    <Link href={`/policies/${policy.id}`} className="hover:underline">
      <PlainText oneLine text={policy.name} />
    </Link>
  );
}

interface ActionsProps {
  member: BundleMemberDto;
  isFirst: boolean;
  isLast: boolean;
  disabled: boolean;
  onMove: (by: number) => void;
  onAct: (kind: "prefix" | "remove", member: BundleMemberDto) => void;
}

function Actions({ member, isFirst, isLast, disabled, onMove, onAct }: ActionsProps) {
  const { name } = member.server;
  return (
    <span className="inline-flex flex-wrap items-center gap-1 max-sm:-ml-2 sm:justify-end">
      <Button
        size="icon"
        look="ghost"
        aria-label={`Move ${name} up`}
        disabled={disabled || isFirst}
        onClick={() => {
          onMove(-1);
        }}
      >
        <ArrowUp aria-hidden />
      </Button>
      <Button
        size="icon"
        look="ghost"
        aria-label={`Move ${name} down`}
        disabled={disabled || isLast}
        onClick={() => {
          onMove(1);
        }}
      >
        <ArrowDown aria-hidden />
      </Button>
      <Button
        size="sm"
        look="ghost"
        aria-label={`Prefix of ${name}`}
        onClick={() => {
          onAct("prefix", member);
        }}
      >
        Prefix…
      </Button>
      <Button
        size="sm"
        look="ghost"
        className="text-red"
        aria-label={`Remove ${name}`}
        onClick={() => {
          onAct("remove", member);
        }}
      >
        Remove…
      </Button>
    </span>
  );
}
