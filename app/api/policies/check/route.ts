import { adminRoute } from "@/lib/http/route.server";
import { checkText } from "@/lib/policies/policies.server";
import { PolicyInput } from "@/lib/policies/schema";

/** The findings for a text, without saving it: the same check that publishing makes. */
export const POST = adminRoute({
  permission: "read",
  body: PolicyInput.pick({ text: true }),
  handle: ({ ctx, body }) => ({ problems: checkText(ctx, body.text) }),
});
