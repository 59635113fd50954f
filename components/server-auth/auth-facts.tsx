import { Fact, Facts } from "@/components/ui/facts";
import { PlainText } from "@/components/ui/plain-text";
import { Tag } from "@/components/ui/tag";
import { Time } from "@/components/ui/time";
import { visibleText } from "@/components/ui/visible-text";
import type { ServerAuthDto } from "@/lib/servers/oauth-schema";

/** Scopes as they are asked for; none = the authorisation server decides. */
export function Scopes({ scopes }: { scopes: readonly string[] }) {
  if (scopes.length === 0) return <span className="text-ink-soft">None named: the authorisation server decides</span>;
  return (
    <span className="flex flex-wrap gap-1">
      {scopes.map((scope) => (
        <Tag key={scope}>{visibleText(scope)}</Tag>
      ))}
    </span>
  );
}

/** Who connected the server, where, for what, and until when. */
export function AuthFacts({ auth }: { auth: ServerAuthDto }) {
  if (auth.state === "none") return null;
  return (
    <Facts>
      <Fact label="Signed in at">
        {auth.issuer ? <PlainText text={auth.issuer} className="font-mono text-sm" /> : "–"}
      </Fact>
      <Fact label="Connected">
        {auth.connectedAt ? <Time at={auth.connectedAt} /> : "–"}
        {auth.connectedBy ? <span> by {visibleText(auth.connectedBy)}</span> : null}
      </Fact>
      {auth.state === "connected" ? (
        <Fact label="Access until">
          {auth.expiresAt ? <Time at={auth.expiresAt} form="both" /> : "No end is set"}
          <span className="ml-1.5 text-ink-soft">{auth.renews ? "renewed by itself" : "not renewed by itself"}</span>
        </Fact>
      ) : null}
      <Fact label="Scopes asked for">
        <Scopes scopes={auth.scopes} />
      </Fact>
    </Facts>
  );
}
