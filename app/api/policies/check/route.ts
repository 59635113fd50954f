import { adminRoute } from "@/lib/http/route.server";
import { checkText } from "@/lib/policies/policies.server";
import { CheckInput } from "@/lib/policies/schema";

/** The findings for a text, without saving it: the same check that publishing makes. */
export const POST = adminRoute({
  permission: "read",
  body: CheckInput,
  handle: ({ ctx, body }) => checkText(ctx, body),
});
