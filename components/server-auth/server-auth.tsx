"use client";

import { LogIn, Unplug } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { toast } from "sonner";
import { api } from "@/components/shell/api";
import { useAction } from "@/components/shell/use-action";
import { buttonLook } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { ErrorNote } from "@/components/ui/error-note";
import { GatedButton } from "@/components/ui/gated-button";
import { Panel } from "@/components/ui/panel";
import { Select, type Choice } from "@/components/ui/select";
import { StateChip, type State } from "@/components/ui/state-chip";
import type { AuthModeInput, ServerAuthDto } from "@/lib/servers/oauth-schema";
import { reasonText } from "@/lib/servers/oauth-words";
import { AuthFacts } from "./auth-facts";
import { OwnClient } from "./own-client";

interface Props {
  serverId: string;
  auth: ServerAuthDto;
  /** How many static headers are set. */
  headerCount: number;
  /** Why this person may not change it; null when they may. */
  refusal: string | null;
}

const chips: Record<ServerAuthDto["state"], State> = {
  none: "unconnected",
  connected: "connected",
  reconnect: "reconnect",
};

function choicesOf(headerCount: number): Choice[] {
  const headers = headerCount > 0 ? "The headers that are set on this page" : "No header is set: no credential";
  return [
    { value: "static", label: headerCount > 0 ? "Static headers" : "None", note: headers },
    { value: "oauth", label: "OAuth", note: "Signed in once; the gateway renews its access" },
  ];
}

/** What the server's calls carry: nothing, static headers, or a token that an admin signed in for. */
export function ServerAuth({ serverId, auth, headerCount, refusal }: Props) {
  const router = useRouter();
  const [leaving, setLeaving] = useState<"headers" | "disconnect" | null>(null);
  const connectPage = `/servers/${serverId}/connect`;
  const isOauth = auth.mode === "oauth";
  const setMode = useAction(async (mode: AuthModeInput["mode"]) => {
    await api("PATCH", `/api/servers/${serverId}/oauth`, { mode });
    toast.success(mode === "oauth" ? "Calls carry the OAuth token now." : "Calls carry the static headers now.");
    setLeaving(null);
    router.refresh();
  });
  const disconnect = useAction(async () => {
    const { revoked } = await api<{ revoked: boolean | null }>("POST", `/api/servers/${serverId}/oauth/disconnect`);
    toast.success(revokedText(revoked));
    setLeaving(null);
    router.refresh();
  });
  const choose = (value: string) => {
    if (value === auth.mode) return;
    if (value === "static") setLeaving("headers");
    else if (auth.state === "none") router.push(connectPage);
    else void setMode.run("oauth");
  };
  const choices = choicesOf(headerCount);
  return (
    <Panel
      title="Upstream sign-in"
      actions={isOauth ? <StateChip state={chips[auth.state]} /> : null}
      bodyClassName="grid gap-4"
    >
      {setMode.failure && leaving === null ? <ErrorNote failure={setMode.failure} /> : null}
      {isOauth && auth.state !== "connected" ? (
        <p role="status" className="rounded-md bg-amber-soft px-3 py-2 text-base text-amber">
          {auth.state === "none"
            ? "Nobody has signed in yet. Calls to this server are not sent."
            : `Calls to this server are not sent: ${reasonText(auth.reason)}.`}
        </p>
      ) : null}
      {refusal === null ? (
        <div className="grid gap-1.5">
          <span id={`mode-${serverId}`} className="text-sm font-medium">
            Calls carry
          </span>
          <Select
            aria-label="Calls carry"
            className="w-full sm:w-72"
            value={auth.mode}
            onChange={choose}
            choices={choices}
          />
        </div>
      ) : (
        <p className="text-base">Calls carry: {choices.find(({ value }) => value === auth.mode)?.label}.</p>
      )}
      {isOauth ? <AuthFacts auth={auth} /> : null}
      {isOauth ? (
        <div className="flex flex-wrap items-center gap-2">
          {refusal === null ? (
            <Link
              href={connectPage}
              prefetch={false}
              className={buttonLook({ look: auth.state === "connected" ? "plain" : "primary" })}
            >
              <LogIn aria-hidden /> {auth.state === "none" ? "Connect…" : "Reconnect…"}
            </Link>
          ) : (
            <GatedButton reason={refusal}>
              <LogIn aria-hidden /> {auth.state === "none" ? "Connect…" : "Reconnect…"}
            </GatedButton>
          )}
          {auth.state !== "none" && refusal === null ? (
            <GatedButton
              reason={null}
              className="text-red"
              onClick={() => {
                setLeaving("disconnect");
              }}
            >
              <Unplug aria-hidden /> Disconnect…
            </GatedButton>
          ) : null}
        </div>
      ) : null}
      {isOauth && auth.client ? <OwnClient serverId={serverId} client={auth.client} refusal={refusal} /> : null}
      <ConfirmDialog
        open={leaving === "headers"}
        onOpenChange={() => {
          setLeaving(null);
        }}
        title="Stop using the OAuth token?"
        consequence={
          headerCount > 0
            ? "Calls carry the static headers instead. The connection is kept until you disconnect it."
            : "No static header is set, so calls carry no credential. The connection is kept until you disconnect it."
        }
        verb={headerCount > 0 ? "Use static headers" : "Use no credential"}
        sending={setMode.sending}
        failure={setMode.failure}
        onConfirm={() => void setMode.run("static")}
      />
      <ConfirmDialog
        open={leaving === "disconnect"}
        onOpenChange={() => {
          setLeaving(null);
        }}
        title="Disconnect this server?"
        consequence="Its tokens are deleted here and taken back at the authorisation server where it offers that. Calls to this server are not sent until somebody signs in again."
        verb="Disconnect"
        sending={disconnect.sending}
        failure={disconnect.failure}
        onConfirm={() => void disconnect.run()}
      />
    </Panel>
  );
}

function revokedText(revoked: boolean | null): string {
  if (revoked === true) return "Disconnected. The authorisation server took the tokens back.";
  if (revoked === null) return "Disconnected. The authorisation server offers no way to take tokens back.";
  return "Disconnected here. The authorisation server did not confirm that it took the tokens back: end the access there.";
}
