import "server-only";
import {
  allowInsecureRequests,
  authorizationCodeGrantRequest,
  customFetch,
  processAuthorizationCodeResponse,
  processRefreshTokenResponse,
  refreshTokenGrantRequest,
  ResponseBodyError,
  revocationRequest,
  WWWAuthenticateChallengeError,
  type TokenEndpointResponse,
} from "oauth4webapi";
import type { Identity } from "./oauth-client.server";
import { OauthStop } from "./oauth-fault";
import { oauthFetch, type OauthReach } from "./oauth-fetch.server";
import type { IssuerReply } from "./oauth-replies";
import type { Tokens } from "./oauth-store.server";

/** Error codes that say nothing about the request itself. */
const passing = new Set(["temporarily_unavailable", "server_error", "slow_down"]);

/** The authorisation server said no (RFC 6749 section 5.2); `code` is one of its error codes. */
export class TokenRefusal extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.name = "TokenRefusal";
    this.code = code;
  }
}

interface Exchange {
  reach: OauthReach;
  issuer: IssuerReply;
  identity: Identity;
  resource: string;
}

/** A code, checked by `validateAuthResponse`, for tokens of `resource`. Throws TokenRefusal or OauthStop. */
export async function redeemCode(
  { reach, issuer, identity, resource }: Exchange,
  answer: URLSearchParams,
  sent: { redirectUri: string; verifier: string },
): Promise<Tokens> {
  const { client, auth } = identity;
  return guarded(async () => {
    const options = { ...optionsOf(reach), additionalParameters: { resource } };
    const { redirectUri, verifier } = sent;
    const response = await authorizationCodeGrantRequest(issuer, client, auth, answer, redirectUri, verifier, options);
    return processAuthorizationCodeResponse(issuer, client, response);
  });
}

/** New tokens for a refresh token. Throws TokenRefusal when it is refused for good, OauthStop when it may work later. */
export async function renewTokens(
  { reach, issuer, identity, resource }: Exchange,
  refreshToken: string,
): Promise<Tokens> {
  const { client, auth } = identity;
  return guarded(async () => {
    const options = { ...optionsOf(reach), additionalParameters: { resource } };
    const response = await refreshTokenGrantRequest(issuer, client, auth, refreshToken, options);
    if (response.status >= 500 || response.status === 429) throw new OauthStop("status");
    return processRefreshTokenResponse(issuer, client, response);
  });
}

/** Takes a token back (RFC 7009). Answers whether the authorisation server confirmed it; never throws. */
export async function revokeToken({ reach, issuer, identity }: Exchange, token: string): Promise<boolean> {
  try {
    const { client, auth } = identity;
    const response = await revocationRequest(issuer, client, auth, token, optionsOf(reach));
    return response.status === 200;
  } catch {
    return false;
  }
}

function optionsOf(reach: OauthReach) {
  return { [customFetch]: oauthFetch(reach), [allowInsecureRequests]: reach.allowPrivateNetwork };
}

async function guarded(ask: () => Promise<TokenEndpointResponse>): Promise<Tokens> {
  try {
    return toTokens(await ask());
  } catch (error) {
    if (error instanceof OauthStop) throw error;
    if (error instanceof ResponseBodyError && !passing.has(error.error)) throw new TokenRefusal(error.error);
    // A client that is refused with a challenge (RFC 6749 section 5.2): the library reads no further.
    if (error instanceof WWWAuthenticateChallengeError) throw new TokenRefusal("invalid_client");
    throw new OauthStop("token", error);
  }
}

/** Only what fits into one header line, and only Bearer (RFC 6750 section 2.1). */
function toTokens(answer: TokenEndpointResponse): Tokens {
  const { access_token: access, refresh_token: refresh, token_type: type, expires_in: expiresIn } = answer;
  if (type !== "bearer" || !isToken(access)) throw new OauthStop("token");
  if (refresh !== undefined && !isToken(refresh)) throw new OauthStop("token");
  const isEnding = expiresIn !== undefined && Number.isFinite(expiresIn) && expiresIn >= 0;
  return { access, refresh: refresh ?? null, expiresIn: isEnding ? Math.min(expiresIn, 315_360_000) : null };
}

function isToken(text: string): boolean {
  return /^[\x21-\x7e]{1,16384}$/.test(text);
}
