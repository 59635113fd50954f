"use client";

import { SquareTerminal } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { PlainText } from "@/components/ui/plain-text";
import { StateChip } from "@/components/ui/state-chip";
import { Cell, HeadCell, Row, Table, TableBody, TableHead } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import { visibleText } from "@/components/ui/visible-text";
import type { ApiTokenDto } from "@/lib/auth/api-token-schema";
import { MintApiTokenButton } from "./mint-api-token";
import { RevokeApiToken } from "./revoke-api-token";

type RoleWords = Readonly<Record<ApiTokenDto["role"], string>>;

interface Props {
  tokens: readonly ApiTokenDto[];
  roleWords: RoleWords;
  /** True when the list holds the tokens of all members. */
  everybodys: boolean;
}

/** API tokens with what they may do and when they were last used; the one act is to revoke. */
export function ApiTokenTable({ tokens, roleWords, everybodys }: Props) {
  const [revoking, setRevoking] = useState<ApiTokenDto | null>(null);
  if (tokens.length === 0) {
    return (
      <EmptyState icon={SquareTerminal} action={<MintApiTokenButton />}>
        No API token yet. Mint one to plan and apply policies from the command line.
      </EmptyState>
    );
  }
  return (
    <>
      <Table label="API tokens">
        <TableHead>
          <HeadCell>Name</HeadCell>
          <HeadCell>State</HeadCell>
          <HeadCell>Role</HeadCell>
          {everybodys ? <HeadCell>Owner</HeadCell> : null}
          <HeadCell>Token</HeadCell>
          <HeadCell>Created</HeadCell>
          <HeadCell>Last used</HeadCell>
          <HeadCell>Ends</HeadCell>
          <HeadCell>
            <span className="sr-only">Actions</span>
          </HeadCell>
        </TableHead>
        <TableBody>
          {tokens.map((token) => (
            <TokenRow
              key={token.id}
              token={token}
              roleWords={roleWords}
              withOwner={everybodys}
              onRevoke={() => {
                setRevoking(token);
              }}
            />
          ))}
        </TableBody>
      </Table>
      {revoking ? (
        <RevokeApiToken
          apiToken={revoking}
          onClose={() => {
            setRevoking(null);
          }}
        />
      ) : null}
    </>
  );
}

interface RowProps {
  token: ApiTokenDto;
  roleWords: RoleWords;
  withOwner: boolean;
  onRevoke: () => void;
}

function TokenRow({ token, roleWords, withOwner, onRevoke }: RowProps) {
  return (
    <Row>
      <Cell label={null}>
        <span className="font-medium">
          <PlainText oneLine text={token.name} />
        </span>
      </Cell>
      <Cell label="State">
        <StateChip state={token.state} />
      </Cell>
      <Cell label="Role">
        <span>
          {roleWords[token.role]}
          <ActsAs token={token} roleWords={roleWords} />
        </span>
      </Cell>
      {withOwner ? (
        <Cell label="Owner">
          <span>
            <PlainText oneLine text={token.owner.name} />
            {token.isOwn ? <span className="text-ink-soft"> (you)</span> : null}
          </span>
        </Cell>
      ) : null}
      <Cell label="Token">
        <span className="font-mono text-ink-soft">…{token.tokenHint}</span>
      </Cell>
      <Cell label="Created">
        <Time at={token.createdAt} form="ago" quiet />
      </Cell>
      <Cell label="Last used">
        {token.lastUsedAt ? (
          <Time at={token.lastUsedAt} form="ago" quiet />
        ) : (
          <span className="text-ink-soft">never</span>
        )}
      </Cell>
      <Cell label="Ends">
        <Time at={token.expiresAt} form="ago" quiet />
      </Cell>
      <Cell label={null} align="right">
        {token.state === "active" ? (
          <Button
            size="sm"
            look="ghost"
            className="text-red"
            aria-label={`Revoke ${visibleText(token.name)}`}
            onClick={onRevoke}
          >
            Revoke…
          </Button>
        ) : null}
      </Cell>
    </Row>
  );
}

/** A word where the token may do less than its role says, because its owner may. */
function ActsAs({ token, roleWords }: { token: ApiTokenDto; roleWords: RoleWords }) {
  if (token.state !== "active" || token.actsAs === token.role) return null;
  const words = token.actsAs === null ? "owner is no member" : `acts as ${roleWords[token.actsAs].toLowerCase()}`;
  return <span className="text-amber"> ({words})</span>;
}
