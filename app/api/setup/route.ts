import { completeSetup, openSessionCookie } from "@/lib/auth/auth.server";
import { SetupInput } from "@/lib/auth/schema";
import { publicRoute, respond } from "@/lib/http/route.server";

/** First run: makes organisation and admin with the one-time token of the start log, and signs the admin in. */
export const POST = publicRoute({
  body: SetupInput,
  handle: async ({ body, request, requestId }) => {
    const owner = await completeSetup(body, requestId);
    const answer = respond({ organisationId: owner.orgId }, requestId, 201);
    answer.headers.append("set-cookie", await openSessionCookie(owner, request));
    return answer;
  },
});
