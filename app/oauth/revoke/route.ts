import { revokeToken } from "@/lib/grants/oauth.server";
import { readFormBody } from "@/lib/http/body";
import { protocolRoute } from "@/lib/http/route.server";
import { oauthAnswer, oauthRefusal, requireOauth } from "../answers";

/** Token revocation (RFC 7009): 200 also for a token that nobody has. */
export const POST = protocolRoute({
  answer: async (request) => {
    requireOauth();
    const form = await readFormBody(request);
    const [token, clientId] = [form.get("token"), form.get("client_id")];
    if (token === undefined || clientId === undefined) {
      return oauthAnswer(400, { error: "invalid_request", error_description: "token and client_id are required" });
    }
    await revokeToken(token, clientId);
    return oauthAnswer(200);
  },
  refuse: oauthRefusal,
});
