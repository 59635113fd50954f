"use client";

import { useState } from "react";
import { Fact, Facts } from "@/components/ui/facts";
import { GatedButton } from "@/components/ui/gated-button";
import { Panel } from "@/components/ui/panel";
import { StateChip } from "@/components/ui/state-chip";
import { Time } from "@/components/ui/time";
import { visibleText } from "@/components/ui/visible-text";
import type { BreakerState } from "@/lib/gateway/breaker";
import type { ServerDto } from "@/lib/servers/schema";
import { ConnectionDialog } from "./connection-dialog";
import { ForwardDialog } from "./forward-dialog";
import { SafetyDialog } from "./safety-dialog";
import { driftWords, timeoutNames, timeoutText, timeoutWords } from "./setting-words";

interface Props {
  server: ServerDto;
  /** Whether this process lets calls through to it. */
  breaker: BreakerState;
  /** Why this person may not change them; null when they may. */
  refusal: string | null;
}

type Group = "connection" | "safety" | "forward";

/** The settings of one server in three groups, each with its own form. */
export function ServerSettings({ server, breaker, refusal }: Props) {
  const [editing, setEditing] = useState<Group | null>(null);
  const { settings } = server;
  const isLocal = server.transport === "stdio";
  const close = () => {
    setEditing(null);
  };
  const edit = (group: Group, of: string) => (
    <GatedButton
      size="sm"
      reason={refusal}
      aria-label={`Edit ${of}`}
      onClick={() => {
        setEditing(group);
      }}
    >
      Edit
    </GatedButton>
  );
  return (
    <div className="grid items-start gap-4 xl:grid-cols-2">
      <Panel title="Connection" actions={edit("connection", "connection")}>
        <Facts>
          {breaker.name === "closed" ? null : (
            <Fact label="Calls">
              <BreakerText breaker={breaker} />
            </Fact>
          )}
          {timeoutNames.map((name) => (
            <Fact key={name} label={timeoutWords[name].label}>
              {timeoutText(name, settings.timeouts[name])}
            </Fact>
          ))}
          {isLocal ? null : (
            <>
              <Fact label="Private network">{server.allowPrivateNetwork ? "Allowed" : "Refused"}</Fact>
              <Fact label="Certificates">
                <Authorities server={server} />
              </Fact>
            </>
          )}
        </Facts>
      </Panel>
      <div className="grid gap-4">
        <Panel title="Safety" actions={edit("safety", "safety")}>
          <Facts>
            <Fact label="Changed tools">{driftWords[settings.drift].label}</Fact>
            <Fact label="Questions to people">
              {settings.elicitationGuard ? "Guarded: no secrets, https links only" : "Passed on as they come"}
            </Fact>
            {settings.elicitationGuard && settings.elicitationHosts.length > 0 ? (
              <Fact label="Links lead to">
                <Names names={settings.elicitationHosts} />
              </Fact>
            ) : null}
          </Facts>
        </Panel>
        {isLocal ? null : (
          <Panel title="Headers passed on" actions={edit("forward", "headers passed on")}>
            {settings.forwardHeaders.length > 0 ? (
              <Names names={settings.forwardHeaders} />
            ) : (
              <p className="text-base text-ink-soft">None of the agent&rsquo;s own headers.</p>
            )}
          </Panel>
        )}
      </div>
      {editing === "connection" ? <ConnectionDialog server={server} isLocal={isLocal} onClose={close} /> : null}
      {editing === "safety" ? <SafetyDialog server={server} onClose={close} /> : null}
      {editing === "forward" ? <ForwardDialog server={server} onClose={close} /> : null}
    </div>
  );
}

function Names({ names }: { names: readonly string[] }) {
  return (
    <ul className="flex flex-wrap gap-x-3 gap-y-1">
      {names.map((name) => (
        <li key={name}>
          <code className="font-mono text-sm [overflow-wrap:anywhere]">{name}</code>
        </li>
      ))}
    </ul>
  );
}

function Authorities({ server }: { server: ServerDto }) {
  const { authorities } = server.settings;
  if (authorities.length === 0) return "Public authorities";
  return (
    <ul className="grid gap-1">
      {authorities.map(({ name, validTo }) => (
        <li key={`${name} ${validTo}`} className="[overflow-wrap:anywhere]">
          {visibleText(name)}{" "}
          <span className="text-sm text-ink-soft">
            until <Time at={validTo} />
          </span>
        </li>
      ))}
    </ul>
  );
}

function BreakerText({ breaker }: { breaker: Exclude<BreakerState, { name: "closed" }> }) {
  const seconds = Math.max(1, Math.ceil(breaker.retryAfterMs / 1000));
  return (
    <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
      <StateChip state="upstream_error" word="Kept back" />
      <span>
        {breaker.name === "open"
          ? `After five failures in a row; the server is asked again in ${String(seconds)} s.`
          : "After five failures in a row; the next call finds out whether the server is back."}
      </span>
    </span>
  );
}
