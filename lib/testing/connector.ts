import { createHash, randomBytes } from "node:crypto";
import { env } from "@/lib/env/env.server";
import { approveConnector, exchangeToken, registerClient } from "@/lib/grants/oauth.server";
import type { Ctx } from "@/lib/kernel/ctx";

const loopbackUri = "http://127.0.0.1/callback";

/** A desktop-style client that has registered and made up its PKCE pair. */
export interface ConnectorFlow {
  clientId: string;
  redirectUri: string;
  resource: string;
  state: string;
  verifier: string;
  /** The query that its authorisation request has; `more` replaces parameters, null leaves them out. */
  query: (more?: Readonly<Record<string, string | null>>) => string;
}

export interface TokenPair {
  access_token: string;
  refresh_token: string;
  expires_in: number;
  token_type: string;
  scope: string;
}

/** Registers a client that listens on loopback and wants the server's (or with `s/` before the id the bundle's) URL. */
export async function openFlow(
  serverId: string,
  redirectUri = "http://127.0.0.1:41234/callback",
): Promise<ConnectorFlow> {
  const { clientId } = await registerClient(
    { name: "Desk", redirectUris: [loopbackUri] },
    randomBytes(6).toString("hex"),
  );
  const verifier = randomBytes(32).toString("base64url");
  const resource = `${env().publicUrl}/mcp/${serverId}`;
  const state = randomBytes(9).toString("base64url");
  const usual: Record<string, string> = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    resource,
    state,
  };
  const query = (more: Readonly<Record<string, string | null>> = {}) => {
    const kept = Object.entries({ ...usual, ...more }).filter((pair): pair is [string, string] => pair[1] !== null);
    return new URLSearchParams(kept).toString();
  };
  return { clientId, redirectUri, resource, state, verifier, query };
}

/** The code that the person's approval sends to the client. */
export async function approveFlow(ctx: Ctx, flow: ConnectorFlow, grantId: string): Promise<string> {
  const { redirectTo } = await approveConnector(ctx, { request: flow.query(), grant: { kind: "existing", grantId } });
  return new URL(redirectTo).searchParams.get("code") ?? "";
}

/** The token request of a code; `more` replaces fields, null leaves them out. */
export function exchangeCode(flow: ConnectorFlow, code: string, more: Readonly<Record<string, string | null>> = {}) {
  const { clientId, redirectUri, resource, verifier } = flow;
  const usual = { grant_type: "authorization_code", code, client_id: clientId, redirect_uri: redirectUri, resource };
  return exchange({ ...usual, code_verifier: verifier, ...more });
}

/** The token request of a refresh token. */
export function refresh(flow: ConnectorFlow, refreshToken: string, more: Readonly<Record<string, string | null>> = {}) {
  const { clientId, resource } = flow;
  return exchange({ grant_type: "refresh_token", refresh_token: refreshToken, client_id: clientId, resource, ...more });
}

function exchange(fields: Readonly<Record<string, string | null>>) {
  return exchangeToken(new Map(Object.entries(fields).filter((pair): pair is [string, string] => pair[1] !== null)));
}

/** A client that went the whole way: approved for the grant, with its first pair of tokens. */
export async function connectClient(ctx: Ctx, serverId: string, grantId: string) {
  const flow = await openFlow(serverId);
  const code = await approveFlow(ctx, flow, grantId);
  const { status, body } = await exchangeCode(flow, code);
  if (status !== 200) throw new Error(`no tokens: ${JSON.stringify(body)}`);
  return { flow, code, tokens: body as unknown as TokenPair };
}
