import "server-only";
import { processDiscoveryResponse } from "oauth4webapi";
import { isAppError } from "@/lib/kernel/errors";
import { checkUpstream, type Upstream } from "./lookup.server";
import { askChallenge } from "./oauth-probe.server";
import { oauthFetch, type OauthReach } from "./oauth-fetch.server";
import { OauthStop } from "./oauth-fault";
import { IssuerReply, ResourceReply } from "./oauth-replies";
import { isIssuer, isOpenable, isResourceOf, issuerMetadataUrls, resourceMetadataUrls, sameUrl } from "./oauth-urls";

/** Where an upstream's access comes from, all of it checked. */
export interface Discovered {
  /** The identifier exactly as the resource publishes it (RFC 8707). */
  resource: string;
  issuer: IssuerReply;
  /** What to ask for; empty = leave it to the authorisation server. */
  scopes: string[];
}

/**
 * Finds out who gives access to an upstream: its challenge, its metadata (RFC 9728), the metadata of its authorisation server (RFC
 * 8414, then OpenID Connect). Of several issuers one of `known` is taken, otherwise the first. Throws OauthStop with the fault.
 */
export async function discover(upstream: Upstream, known: readonly string[]): Promise<Discovered> {
  if (upstream.transport === "stdio") throw new OauthStop("transport");
  const challenge = await askChallenge(upstream);
  const resource = await readResource(upstream, challenge?.resourceMetadata ?? null);
  const [first] = resource.authorization_servers ?? [];
  const chosen = resource.authorization_servers?.find((issuer) => known.includes(issuer)) ?? first;
  if (chosen === undefined) throw new OauthStop("no_resource_metadata");
  const issuer = await readIssuer(upstream, chosen);
  const asked = challenge && challenge.scopes.length > 0 ? challenge.scopes : (resource.scopes_supported ?? []);
  return { resource: resource.resource, issuer, scopes: withOffline(asked, issuer) };
}

/**
 * The metadata of an issuer, checked: it is the issuer that was asked for, offers PKCE with S256, and its authorisation endpoint is an
 * address that a browser may open. Throws OauthStop.
 */
export async function readIssuer(reach: OauthReach, issuer: string): Promise<IssuerReply> {
  if (!isIssuer(issuer)) throw new OauthStop("endpoint");
  for (const url of issuerMetadataUrls(issuer)) {
    const response = await ask(reach, url);
    if (response) return checkIssuer(reach, issuer, response);
  }
  throw new OauthStop("no_issuer_metadata");
}

async function checkIssuer(reach: OauthReach, issuer: string, response: Response): Promise<IssuerReply> {
  const parsed = IssuerReply.safeParse(
    await response
      .clone()
      .json()
      .catch(() => null),
  );
  if (!parsed.success) throw new OauthStop("unreadable", parsed.error);
  const found = parsed.data;
  await processDiscoveryResponse(new URL(issuer), response).catch((cause: unknown) => {
    throw new OauthStop("issuer_mismatch", cause);
  });
  if (!found.code_challenge_methods_supported?.includes("S256")) throw new OauthStop("no_s256");
  if (!isOpenable(found.authorization_endpoint, reach.allowPrivateNetwork)) throw new OauthStop("endpoint");
  const others = [found.token_endpoint, found.registration_endpoint, found.revocation_endpoint];
  for (const url of others) if (url !== undefined) await checkEndpoint(reach, url);
  return found;
}

/** Judged now, so that a person is told before they sign in; each request is judged again. */
async function checkEndpoint(reach: OauthReach, url: string): Promise<void> {
  try {
    await checkUpstream(url, reach.allowPrivateNetwork);
  } catch (error) {
    throw isAppError(error) ? new OauthStop("endpoint", error) : error;
  }
}

/**
 * The metadata of the upstream. Where it publishes none at all, its own origin is taken for the issuer, as revision 2025-03-26 of MCP
 * has it; the issuer's metadata is then checked like any other.
 */
async function readResource(upstream: Upstream, named: string | null): Promise<ResourceReply> {
  const urls = named === null ? resourceMetadataUrls(upstream.url) : [named];
  for (const url of urls) {
    const response = await ask(upstream, url);
    if (!response) continue;
    const parsed = ResourceReply.safeParse(await response.json().catch(() => null));
    if (!parsed.success) throw new OauthStop("unreadable", parsed.error);
    if (!isResourceOf(parsed.data.resource, upstream.url, url)) throw new OauthStop("resource_mismatch");
    return parsed.data;
  }
  if (named !== null) throw new OauthStop("no_resource_metadata");
  return { resource: upstream.url, authorization_servers: [new URL(upstream.url).origin] };
}

/** The JSON document at a well-known place; null where there is none (4xx, a redirect, or a page that is not JSON). */
async function ask(reach: OauthReach, url: string): Promise<Response | null> {
  const response = await oauthFetch(reach)(url, { method: "GET", headers: { accept: "application/json" } });
  if (response.status >= 500) throw new OauthStop("status");
  const type = response.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
  return response.status === 200 && /^application\/([a-z.-]+\+)?json$/.test(type) ? response : null;
}

/** Refresh tokens are asked for where the issuer lists the scope for them (OpenID Connect Core section 11). */
function withOffline(scopes: readonly string[], issuer: IssuerReply): string[] {
  const offers = issuer.scopes_supported?.includes("offline_access") ?? false;
  return [...new Set(scopes.length > 0 && offers ? [...scopes, "offline_access"] : scopes)];
}

/** True when the identifier that a person confirmed is still the one that is found. */
export function sameIssuer(confirmed: string, found: IssuerReply): boolean {
  return sameUrl(confirmed, found.issuer);
}
