"use client";

import { KeyRound, ListX } from "lucide-react";
import Link from "next/link";
import { parseAsString, parseAsStringLiteral, useQueryStates } from "nuqs";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { Input } from "@/components/ui/input";
import { PlainText } from "@/components/ui/plain-text";
import { Select } from "@/components/ui/select";
import { StateChip } from "@/components/ui/state-chip";
import { Cell, HeadCell, Row, Table, TableBody, TableHead } from "@/components/ui/table";
import { Tag } from "@/components/ui/tag";
import { Time } from "@/components/ui/time";
import { visibleText } from "@/components/ui/visible-text";
import { countText } from "@/components/ui/word";
import type { GrantDto } from "@/lib/grants/schema";
import { AttachDialog } from "./attach-dialog";
import { MintButton, type GrantChoices } from "./mint-grant";
import { reachOf } from "./reach";
import { RevokeDialog } from "./revoke-dialog";

export interface GrantRights {
  manage: string | null;
  attach: string | null;
}

interface Props {
  grants: readonly GrantDto[];
  /** By grant id, how many clients hold OAuth tokens of it. */
  clients: Readonly<Record<string, number>>;
  choices: GrantChoices;
  rights: GrantRights;
}

const stateChoices = [
  { value: "all", label: "All states" },
  { value: "active", label: "Active" },
  { value: "expired", label: "Expired" },
  { value: "revoked", label: "Revoked" },
];

const filters = {
  q: parseAsString.withDefault(""),
  state: parseAsStringLiteral(["all", "active", "expired", "revoked"]).withDefault("all"),
};

function matches(grant: GrantDto, text: string): boolean {
  const words = [grant.label, reachOf(grant).name, grant.policy?.name ?? "", grant.id, grant.tokenHint, ...grant.tags];
  return words.join(" ").toLowerCase().includes(text.trim().toLowerCase());
}

/** Every grant with what it may reach, and the two things done to it: attach a policy, revoke. */
export function GrantTable({ grants, clients, choices, rights }: Props) {
  const [filter, setFilter] = useQueryStates(filters);
  const [act, setAct] = useState<{ kind: "attach" | "revoke"; grant: GrantDto } | null>(null);
  const close = () => {
    setAct(null);
  };
  if (grants.length === 0) {
    return (
      <EmptyState icon={KeyRound} action={<MintButton refusal={rights.manage} />}>
        No grant yet. Mint one to give an agent its token.
      </EmptyState>
    );
  }
  const shown = grants.filter(
    (grant) => (filter.state === "all" || grant.state === filter.state) && matches(grant, filter.q),
  );
  return (
    <div className="grid gap-3">
      <div role="search" aria-label="Filter grants" className="flex flex-wrap gap-2">
        <Input
          type="search"
          aria-label="Text"
          placeholder="Label, server, policy, tag"
          className="basis-56 max-sm:grow sm:max-w-72"
          value={filter.q}
          onChange={(event) => void setFilter({ q: event.target.value || null })}
        />
        <Select
          aria-label="State"
          className="w-36"
          value={filter.state}
          choices={stateChoices}
          onChange={(state) => void setFilter({ state: filters.state.parse(state) })}
        />
      </div>
      {shown.length === 0 ? (
        <EmptyState icon={ListX} action={<Button onClick={() => void setFilter(null)}>Clear filters</Button>}>
          No grant matches these filters.
        </EmptyState>
      ) : (
        <Rows
          grants={shown}
          clients={clients}
          rights={rights}
          onAct={(kind, grant) => {
            setAct({ kind, grant });
          }}
        />
      )}
      {act?.kind === "attach" ? <AttachDialog grant={act.grant} policies={choices.policies} onClose={close} /> : null}
      {act?.kind === "revoke" ? <RevokeDialog grant={act.grant} onClose={close} /> : null}
    </div>
  );
}

interface RowsProps {
  grants: readonly GrantDto[];
  clients: Props["clients"];
  rights: GrantRights;
  onAct: (kind: "attach" | "revoke", grant: GrantDto) => void;
}

function Rows({ grants, clients, rights, onAct }: RowsProps) {
  const acts = rights.manage === null || rights.attach === null;
  return (
    <Table label="Grants">
      <TableHead>
        <HeadCell>Label</HeadCell>
        <HeadCell>State</HeadCell>
        <HeadCell>Server</HeadCell>
        <HeadCell>Policy</HeadCell>
        <HeadCell>Token</HeadCell>
        <HeadCell>Last used</HeadCell>
        <HeadCell>Ends</HeadCell>
        {acts ? (
          <HeadCell>
            <span className="sr-only">Actions</span>
          </HeadCell>
        ) : null}
      </TableHead>
      <TableBody>
        {grants.map((grant) => (
          <Row key={grant.id}>
            <Cell label={null}>
              <span className="inline-flex flex-wrap items-center gap-1.5">
                <Link href={`/grants/${grant.id}`} className="font-medium hover:underline">
                  <PlainText oneLine text={grant.label} />
                </Link>
                {grant.tags.map((tag) => (
                  <Tag key={tag}>{visibleText(tag)}</Tag>
                ))}
                {grant.state === "active" && clients[grant.id] ? (
                  <StateChip state="connected" word={countText(clients[grant.id] ?? 0, "client")} />
                ) : null}
              </span>
            </Cell>
            <Cell label="State">
              <StateChip state={grant.state} />
            </Cell>
            <Cell label="Server">
              <span className="inline-flex flex-wrap items-center gap-1.5 max-sm:justify-end">
                <Link href={reachOf(grant).href} className="hover:underline">
                  <PlainText oneLine text={reachOf(grant).name} />
                </Link>
                {grant.bundle ? <Tag>bundle</Tag> : null}
              </span>
            </Cell>
            <Cell label="Policy">
              {grant.bundle ? (
                <span className="text-ink-soft">one per server</span>
              ) : grant.policy ? (
                <Link href={`/policies/${grant.policy.id}`} className="hover:underline max-sm:text-right">
                  <PlainText oneLine text={grant.policy.name} />
                </Link>
              ) : (
                <span className="text-amber">none: denies everything</span>
              )}
            </Cell>
            <Cell label="Token">
              <span className="font-mono text-ink-soft">…{grant.tokenHint}</span>
            </Cell>
            <Cell label="Last used">
              {grant.lastUsedAt ? (
                <Time at={grant.lastUsedAt} form="ago" quiet />
              ) : (
                <span className="text-ink-soft">never</span>
              )}
            </Cell>
            <Cell label="Ends">
              {grant.expiresAt ? (
                <Time at={grant.expiresAt} form="ago" quiet />
              ) : (
                <span className="text-ink-soft">never</span>
              )}
            </Cell>
            {acts ? (
              <Cell label={null} align="right" className={grant.state === "active" ? "" : "max-sm:hidden"}>
                <RowActions grant={grant} rights={rights} onAct={onAct} />
              </Cell>
            ) : null}
          </Row>
        ))}
      </TableBody>
    </Table>
  );
}

function RowActions({ grant, rights, onAct }: Omit<RowsProps, "grants" | "clients"> & { grant: GrantDto }) {
  if (grant.state !== "active") return null;
  return (
    <span className="inline-flex gap-1 max-sm:-ml-2">
      {rights.attach === null && !grant.bundle ? (
        <Button
          size="sm"
          look="ghost"
          aria-label={`Policy of ${grant.label}`}
          onClick={() => {
            onAct("attach", grant);
          }}
        >
          Policy…
        </Button>
      ) : null}
      {rights.manage === null ? (
        <Button
          size="sm"
          look="ghost"
          className="text-red"
          aria-label={`Revoke ${grant.label}`}
          onClick={() => {
            onAct("revoke", grant);
          }}
        >
          Revoke…
        </Button>
      ) : null}
    </span>
  );
}
