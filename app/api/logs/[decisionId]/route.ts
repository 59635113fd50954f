import { z } from "zod";
import { getDecision } from "@/lib/audit/audit.server";
import { adminRoute } from "@/lib/http/route.server";

export const GET = adminRoute({
  permission: "read",
  params: z.strictObject({ decisionId: z.uuid() }),
  handle: ({ ctx, params }) => getDecision(ctx, params.decisionId),
});
