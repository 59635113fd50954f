import { parseClientMetadata } from "@/lib/grants/client-metadata";
import { registerClient } from "@/lib/grants/oauth.server";
import { readJsonBody } from "@/lib/http/body";
import { protocolRoute } from "@/lib/http/route.server";
import { oauthAnswer, oauthRefusal, requireOauth } from "../answers";

/** Dynamic registration (RFC 7591) of a public client. */
export const POST = protocolRoute({
  answer: async (request, { address }) => {
    requireOauth();
    const parsed = parseClientMetadata(await readJsonBody(request));
    if (!parsed.ok) return oauthAnswer(400, { error: parsed.error, error_description: parsed.description });
    const { clientId, name, redirectUris, createdAt } = await registerClient(parsed.metadata, address);
    return oauthAnswer(201, {
      client_id: clientId,
      client_id_issued_at: Math.floor(createdAt.getTime() / 1000),
      client_name: name,
      redirect_uris: redirectUris,
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    });
  },
  refuse: oauthRefusal,
});
