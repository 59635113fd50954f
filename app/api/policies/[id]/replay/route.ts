import { IdParams } from "@/lib/http/params";
import { adminRoute } from "@/lib/http/route.server";
import { replayPolicy } from "@/lib/policies/policies.server";
import { ReplayInput } from "@/lib/policies/schema";

/** What a draft would have answered to the recorded calls; changes nothing. */
export const POST = adminRoute({
  permission: "read",
  params: IdParams,
  body: ReplayInput,
  handle: ({ ctx, params, body, request }) => replayPolicy(ctx, params.id, body, request.signal),
});
