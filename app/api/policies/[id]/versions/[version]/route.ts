import { z } from "zod";
import { IdParams } from "@/lib/http/params";
import { adminRoute } from "@/lib/http/route.server";
import { getPolicyVersion } from "@/lib/policies/policies.server";

const VersionParams = IdParams.extend({ version: z.coerce.number().int().min(1).max(2_147_483_647) });

export const GET = adminRoute({
  permission: "read",
  params: VersionParams,
  handle: ({ ctx, params }) => getPolicyVersion(ctx, params.id, params.version),
});
