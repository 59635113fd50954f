import { verifyDecisions } from "@/lib/audit/audit.server";
import { adminRoute } from "@/lib/http/route.server";

export const GET = adminRoute({ permission: "read", handle: ({ ctx }) => verifyDecisions(ctx) });
