import { exchangeToken } from "@/lib/grants/oauth.server";
import { readFormBody } from "@/lib/http/body";
import { protocolRoute } from "@/lib/http/route.server";
import { oauthAnswer, oauthRefusal, requireOauth } from "../answers";

/** The token endpoint: a code, or a refresh token, for a pair of tokens. */
export const POST = protocolRoute({
  answer: async (request) => {
    requireOauth();
    const { status, body } = await exchangeToken(await readFormBody(request));
    return oauthAnswer(status, body);
  },
  refuse: oauthRefusal,
});
