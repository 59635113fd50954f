import { listDecisions } from "@/lib/audit/audit.server";
import { LogFilter } from "@/lib/audit/schema";
import { adminRoute } from "@/lib/http/route.server";

export const GET = adminRoute({
  permission: "read",
  query: LogFilter,
  handle: ({ ctx, query }) => listDecisions(ctx, query),
});
