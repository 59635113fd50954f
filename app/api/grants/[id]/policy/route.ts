import { attachPolicy } from "@/lib/grants/grants.server";
import { AttachInput } from "@/lib/grants/schema";
import { IdParams } from "@/lib/http/params";
import { adminRoute } from "@/lib/http/route.server";

export const PUT = adminRoute({
  permission: "policy.attach",
  params: IdParams,
  body: AttachInput,
  handle: ({ ctx, params, body }) => attachPolicy(ctx, params.id, body),
});
