import type { Metadata } from "next";
import { ServerAuth } from "@/components/server-auth/server-auth";
import { ServerDetail } from "@/components/server-detail/server-detail";
import { ServerSettings } from "@/components/server-settings/server-settings";
import { LiveRefresh } from "@/components/shell/live";
import { PageFrame } from "@/components/shell/page-frame";
import { ReviewBanner } from "@/components/tool-review/review-banner";
import { visibleText } from "@/components/ui/visible-text";
import { requireCtx } from "@/lib/auth/auth.server";
import { breakerState } from "@/lib/gateway/gateway.server";
import { countReviews, getServer, getServerAuth, listTools } from "@/lib/servers/servers.server";
import { found } from "../../found";
import { refusalOf } from "../../rights";

export const metadata: Metadata = { title: "Server" };

interface Props {
  params: Promise<{ serverId: string }>;
}

export default async function ServerPage({ params }: Props) {
  const { serverId } = await params;
  const ctx = await requireCtx("read");
  const server = await found(getServer(ctx, serverId));
  const tools = await listTools(ctx, serverId);
  const waiting = (await countReviews(ctx)).get(serverId) ?? { changed: 0, new: 0 };
  const auth = await getServerAuth(ctx, serverId);
  const manage = refusalOf(ctx, "server.manage");
  return (
    <PageFrame title={visibleText(server.name)} crumbs={[{ label: "Servers", href: "/servers" }]}>
      <LiveRefresh topics={["servers", "grants"]} />
      <ReviewBanner serverId={serverId} count={waiting} />
      <ServerDetail
        server={server}
        tools={tools}
        rights={{
          manage,
          scan: refusalOf(ctx, "server.scan"),
          write: refusalOf(ctx, "policy.write"),
        }}
        signIn={
          auth.canSignIn ? (
            <ServerAuth serverId={serverId} auth={auth} headerCount={server.headerNames.length} refusal={manage} />
          ) : null
        }
        usesOauth={auth.mode === "oauth"}
        settings={<ServerSettings server={server} breaker={breakerState(serverId)} refusal={manage} />}
      />
    </PageFrame>
  );
}
