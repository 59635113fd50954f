import { readSession } from "@/lib/auth/auth.server";
import { adminRoute } from "@/lib/http/route.server";

/** Who is signed in, with the role as it is now. */
export const GET = adminRoute({ permission: "read", handle: ({ ctx }) => readSession(ctx) });
