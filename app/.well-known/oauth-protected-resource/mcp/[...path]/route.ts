import { env } from "@/lib/env/env.server";
import { resourceMetadata } from "@/lib/grants/oauth-metadata";
import { publicRoute } from "@/lib/http/route.server";
import { AppError } from "@/lib/kernel/errors";

export const dynamic = "force-dynamic";

/** Protected resource metadata (RFC 9728) of `/mcp/<server id>` and `/mcp/s/<bundle id>`; clients read it after a 401. */
export const GET = publicRoute({
  handle: ({ request }) => {
    const { publicUrl, mcpOauth } = env();
    const path = new URL(request.url).pathname.replace("/.well-known/oauth-protected-resource", "");
    const document = mcpOauth ? resourceMetadata(publicUrl, path) : null;
    if (!document) throw new AppError("not_found", { detail: "no such resource, or MCP_OAUTH is off" });
    return document;
  },
});
