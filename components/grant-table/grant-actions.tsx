"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import type { Choice } from "@/components/ui/select";
import type { GrantDto } from "@/lib/grants/schema";
import { AttachDialog } from "./attach-dialog";
import type { GrantRights } from "./grant-table";
import { RevokeDialog } from "./revoke-dialog";

interface Props {
  grant: GrantDto;
  policies: readonly Choice[];
  rights: GrantRights;
}

/** What may be done to one grant, on its own page: another policy, revoke. Nothing once it has ended. */
export function GrantActions({ grant, policies, rights }: Props) {
  const [act, setAct] = useState<"attach" | "revoke" | null>(null);
  const close = () => {
    setAct(null);
  };
  if (grant.state !== "active") return null;
  return (
    <>
      {rights.attach === null && !grant.bundle ? (
        <Button
          onClick={() => {
            setAct("attach");
          }}
        >
          Policy…
        </Button>
      ) : null}
      {rights.manage === null ? (
        <Button
          className="text-red"
          onClick={() => {
            setAct("revoke");
          }}
        >
          Revoke…
        </Button>
      ) : null}
      {act === "attach" ? <AttachDialog grant={grant} policies={policies} onClose={close} /> : null}
      {act === "revoke" ? <RevokeDialog grant={grant} onClose={close} /> : null}
    </>
  );
}
