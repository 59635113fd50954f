import { removeMember, setPrefix } from "@/lib/bundles/bundles.server";
import { MemberParams, PrefixInput } from "@/lib/bundles/schema";
import { adminRoute } from "@/lib/http/route.server";

export const PATCH = adminRoute({
  permission: "server.manage",
  params: MemberParams,
  body: PrefixInput,
  handle: ({ ctx, params, body }) => setPrefix(ctx, params.id, params.serverId, body),
});

export const DELETE = adminRoute({
  permission: "server.manage",
  params: MemberParams,
  handle: ({ ctx, params }) => removeMember(ctx, params.id, params.serverId),
});
