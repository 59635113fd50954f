import { readOverview } from "@/lib/analytics/analytics.server";
import { adminRoute } from "@/lib/http/route.server";

export const GET = adminRoute({ permission: "read", handle: ({ ctx }) => readOverview(ctx) });
