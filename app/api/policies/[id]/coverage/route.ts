import { IdParams } from "@/lib/http/params";
import { adminRoute } from "@/lib/http/route.server";
import { policyCoverage } from "@/lib/policies/policies.server";
import { CoverageQuery } from "@/lib/policies/schema";

/** Each tool × each rule of the live version, with what the log says of them. */
export const GET = adminRoute({
  permission: "read",
  params: IdParams,
  query: CoverageQuery,
  handle: ({ ctx, params, query }) => policyCoverage(ctx, params.id, query.days),
});
