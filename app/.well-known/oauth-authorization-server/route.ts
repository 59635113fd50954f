import { env } from "@/lib/env/env.server";
import { authorisationServerMetadata } from "@/lib/grants/oauth-metadata";
import { publicRoute } from "@/lib/http/route.server";
import { AppError } from "@/lib/kernel/errors";

export const dynamic = "force-dynamic";

/** Authorisation server metadata (RFC 8414). */
export const GET = publicRoute({
  handle: () => {
    const { publicUrl, mcpOauth } = env();
    if (!mcpOauth) throw new AppError("not_found", { detail: "MCP_OAUTH is off" });
    return authorisationServerMetadata(publicUrl);
  },
});
