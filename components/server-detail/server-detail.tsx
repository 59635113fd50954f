"use client";

import { Power, RefreshCw, Trash2 } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState, type ReactNode } from "react";
import { toast } from "sonner";
import { api, type ApiFailure } from "@/components/shell/api";
import { useAction } from "@/components/shell/use-action";
import { ActionLine, ActionLines } from "@/components/ui/action-line";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { CopyLine } from "@/components/ui/copy-line";
import { ErrorNote } from "@/components/ui/error-note";
import { Fact, Facts } from "@/components/ui/facts";
import { GatedButton } from "@/components/ui/gated-button";
import { Panel } from "@/components/ui/panel";
import { PlainText } from "@/components/ui/plain-text";
import { StateChip } from "@/components/ui/state-chip";
import { Time } from "@/components/ui/time";
import { visibleText } from "@/components/ui/visible-text";
import { countText } from "@/components/ui/word";
import type { ServerDto, ToolDto } from "@/lib/servers/schema";
import { ServerHeaders } from "./server-headers";
import { ServerTools } from "./server-tools";
import { WritePolicy } from "./write-policy";

export interface ServerRights {
  /** Why this person may not change the server; null when they may. */
  manage: string | null;
  scan: string | null;
  /** Why they may not write policies or set a tool's category. */
  write: string | null;
}

interface Props {
  server: ServerDto;
  tools: readonly ToolDto[];
  rights: ServerRights;
  /** What the server's calls carry; null leaves it out. */
  signIn: ReactNode;
  /** Calls carry a token that somebody signed in for, and none of the headers. */
  usesOauth: boolean;
  /** How it is reached and guarded. */
  settings: ReactNode;
}

const transportWords = {
  http: "Streamable HTTP",
  sse: "HTTP + SSE",
  stdio: "Local process (stdio)",
} as const satisfies Record<ServerDto["transport"], string>;

/** A program and its arguments, each on its own, since no shell ever joins them. */
function CommandLine({ words }: { words: readonly string[] }) {
  return (
    <ul className="flex flex-wrap gap-1">
      {words.map((word, index) => (
        <li key={index} className="max-w-full rounded-sm bg-sunken px-1.5">
          <PlainText text={word} className="font-mono text-sm [overflow-wrap:anywhere]" />
        </li>
      ))}
    </ul>
  );
}

function ServerFacts({ server }: { server: ServerDto }) {
  return (
    <Facts>
      <Fact label="URL for agents">
        <CopyLine text={server.mcpUrl} label="Copy MCP URL" />
      </Fact>
      <Fact label="Transport">{transportWords[server.transport]}</Fact>
      {server.command === null ? (
        <Fact label="Upstream">
          <PlainText text={server.url} className="font-mono text-sm" />
        </Fact>
      ) : (
        <Fact label="Command">
          <CommandLine words={[server.command, ...server.args]} />
        </Fact>
      )}
      <Fact label="Grants">{countText(server.grantCount, "active grant")}</Fact>
      <Fact label="Last scan">{server.lastScanAt ? <Time at={server.lastScanAt} /> : "Never"}</Fact>
      <Fact label="Added">
        <Time at={server.createdAt} />
      </Fact>
    </Facts>
  );
}

interface ScanResult {
  added: number;
  changed: number;
  gone: number;
  total: number;
  accepted: number;
}

function scanText({ added, changed, gone, total, accepted }: ScanResult): string {
  if (accepted > 0 && accepted === total) return `${countText(total, "tool")} found and accepted`;
  if (accepted > 0) return `${countText(total, "tool")} found, ${String(accepted)} accepted; look at the others`;
  const news = [
    added > 0 ? `${String(added)} new` : "",
    changed > 0 ? `${String(changed)} changed` : "",
    gone > 0 ? `${String(gone)} gone` : "",
  ].filter(Boolean);
  return `${countText(total, "tool")} found${news.length > 0 ? `: ${news.join(", ")}` : ", nothing changed"}`;
}

/** One server: where it is, its tools, its headers, and what an admin may do to it. */
export function ServerDetail({ server, tools, rights, signIn, usesOauth, settings }: Props) {
  const router = useRouter();
  const scan = useAction(async () => {
    const result = await api<ScanResult>("POST", `/api/servers/${server.id}/scan`);
    toast.success(scanText(result));
    router.refresh();
  });
  return (
    <div className="grid gap-4">
      {scan.failure ? (
        <ErrorNote failure={withStep(scan.failure, server.lastScanError)} onRetry={() => void scan.run()} />
      ) : server.lastScanError ? (
        <ErrorNote
          failure={{ title: "The last scan failed.", detail: visibleText(server.lastScanError) }}
          onRetry={() => void scan.run()}
        />
      ) : null}
      <div className="grid items-start gap-4 xl:grid-cols-2">
        <Panel title="Server" actions={<StateChip state={server.enabled ? "enabled" : "disabled"} />}>
          <ServerFacts server={server} />
        </Panel>
        <div className="grid gap-4">
          {signIn}
          {usesOauth && server.headerNames.length === 0 ? null : (
            <ServerHeaders
              serverId={server.id}
              isLocal={server.transport === "stdio"}
              isUsed={!usesOauth}
              names={server.headerNames}
              refusal={rights.manage}
            />
          )}
        </div>
      </div>
      <Panel
        title="Tools"
        note={tools.length > 0 ? countText(tools.filter((tool) => !tool.gone).length, "tool") : undefined}
        bodyClassName="p-0"
        actions={
          <>
            {tools.some((tool) => !tool.gone) ? <WritePolicy server={server} refusal={rights.write} /> : null}
            <GatedButton size="sm" reason={rights.scan} disabled={scan.sending} onClick={() => void scan.run()}>
              <RefreshCw aria-hidden className={scan.sending ? "animate-spin" : ""} />
              {scan.sending ? "Scanning…" : "Scan tools"}
            </GatedButton>
          </>
        }
      >
        <ServerTools
          serverId={server.id}
          tools={tools}
          categoryRefusal={rights.write}
          riskRefusal={rights.manage === null ? null : "Admins set the risk of a tool."}
        />
      </Panel>
      {settings}
      <DangerZone server={server} refusal={rights.manage} />
    </div>
  );
}

/** A failed scan with the step at which it failed, once the page knows it. */
function withStep(failure: ApiFailure, step: string | null): ApiFailure {
  return step === null ? failure : { ...failure, detail: visibleText(step) };
}

function agentsText(count: number, consequence: string): string {
  if (count === 0) return "No active grant uses it.";
  return `${countText(count, "active grant")} ${count === 1 ? consequence.replace(/^(\w+)/, "$1s") : consequence}.`;
}

function DangerZone({ server, refusal }: { server: ServerDto; refusal: string | null }) {
  const router = useRouter();
  const [asking, setAsking] = useState<"disable" | "delete" | null>(null);
  const toggle = useAction(async () => {
    await api("PATCH", `/api/servers/${server.id}`, { enabled: !server.enabled });
    toast.success(server.enabled ? "Server disabled. Its calls are denied now." : "Server enabled.");
    setAsking(null);
    router.refresh();
  });
  const remove = useAction(async () => {
    await api("DELETE", `/api/servers/${server.id}`);
    toast.success(`Deleted ${server.name}.`);
    router.push("/servers");
  });
  return (
    <Panel title="Access">
      <ActionLines>
        {toggle.failure && asking === null ? <ErrorNote failure={toggle.failure} /> : null}
        <ActionLine
          title={server.enabled ? "Disable this server" : "Enable this server"}
          note={
            server.enabled
              ? "Every call to it is denied until it is enabled again."
              : "Calls are judged by their policies again."
          }
        >
          <GatedButton
            reason={refusal}
            disabled={toggle.sending}
            onClick={() => {
              if (server.enabled) setAsking("disable");
              else void toggle.run();
            }}
          >
            <Power aria-hidden /> {server.enabled ? "Disable…" : "Enable"}
          </GatedButton>
        </ActionLine>
        {refusal === null ? (
          <ActionLine title="Delete this server" note="Its decision records stay in the log.">
            <GatedButton
              reason={null}
              className="text-red"
              onClick={() => {
                setAsking("delete");
              }}
            >
              <Trash2 aria-hidden /> Delete…
            </GatedButton>
          </ActionLine>
        ) : null}
      </ActionLines>
      <ConfirmDialog
        open={asking === "disable"}
        onOpenChange={() => {
          setAsking(null);
        }}
        title={`Disable ${server.name}?`}
        consequence={`${agentsText(server.grantCount, "lose access now")} Calls that are already running are finished.`}
        verb="Disable"
        sending={toggle.sending}
        failure={toggle.failure}
        onConfirm={() => void toggle.run()}
      />
      <ConfirmDialog
        open={asking === "delete"}
        onOpenChange={() => {
          setAsking(null);
        }}
        title={`Delete ${server.name}?`}
        consequence={`The server, its tools and its sealed headers are removed. ${agentsText(server.grantCount, "stop working now")} This cannot be undone.`}
        verb="Delete server"
        typed={server.name}
        sending={remove.sending}
        failure={remove.failure}
        onConfirm={() => void remove.run()}
      />
    </Panel>
  );
}
