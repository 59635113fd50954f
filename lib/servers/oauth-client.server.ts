import "server-only";
import { randomUUID } from "node:crypto";
import {
  allowInsecureRequests,
  ClientSecretPost,
  customFetch,
  dynamicClientRegistrationRequest,
  None,
  type Client,
  type ClientAuth,
} from "oauth4webapi";
import { prisma, type Tx } from "@/lib/db/db.server";
import { env } from "@/lib/env/env.server";
import { checkAddress } from "@/lib/http/egress.server";
import type { OrgId } from "@/lib/kernel/ids";
import { open, seal } from "@/lib/vault/vault.server";
import { OauthStop } from "./oauth-fault";
import { oauthFetch, type OauthReach } from "./oauth-fetch.server";
import { RegistrationReply, type IssuerReply } from "./oauth-replies";
import { isLoopback } from "./oauth-urls";

export type ClientSource = "preregistered" | "cimd" | "dcr";

/** How we introduce ourselves to one issuer. */
export interface Identity {
  client: Client;
  auth: ClientAuth;
  source: ClientSource;
}

interface ClientRow {
  id: string;
  clientId: string;
  source: string;
  authMethod: string;
  sealedSecret: string | null;
  redirectUri: string | null;
}

/** Where authorisation servers send people back to; exactly this text is registered and sent. */
export function redirectUri(): string {
  return `${env().publicUrl}/oauth/upstream/callback`;
}

/** The URL of our client metadata document, which is our client id where CIMD is used. */
function metadataDocumentUrl(): string {
  return `${env().publicUrl}/client-metadata.json`;
}

/** What we say about ourselves, in the metadata document and when registering (RFC 7591 section 2). */
function clientMetadata(authMethod: string) {
  const { protocol, hostname } = new URL(env().publicUrl);
  const isNative = protocol === "http:" && isLoopback(hostname);
  return {
    client_name: "PolicyLayer",
    client_uri: env().publicUrl,
    redirect_uris: [redirectUri()],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: authMethod,
    // A web client may not have a redirect to plain http (OpenID Connect Registration section 2).
    application_type: isNative ? "native" : "web",
  };
}

/** Our client metadata document: public, what an issuer fetches to know who asks. It holds no secret. */
export function clientDocument() {
  return { client_id: metadataDocumentUrl(), ...clientMetadata("none") };
}

/**
 * Which identity a sign-in at this issuer would use: one that an admin entered, our metadata document (only when the issuer takes them
 * and PUBLIC_URL is https at a public address), one registered before, a new registration; null when an admin has to enter one.
 */
export async function findSource(
  reach: OauthReach,
  issuer: IssuerReply,
): Promise<{ source: ClientSource; clientId: string | null } | null> {
  const row = await findRow(reach.id, issuer.issuer);
  if (row?.source === "preregistered") return { source: "preregistered", clientId: row.clientId };
  if (issuer.client_id_metadata_document_supported && (await isPublic())) {
    return { source: "cimd", clientId: metadataDocumentUrl() };
  }
  if (issuer.registration_endpoint === undefined) return null;
  return { source: "dcr", clientId: row?.redirectUri === redirectUri() ? row.clientId : null };
}

/** The identity of `findSource`, registered now where that is needed. Null when an admin has to enter one. Throws OauthStop. */
export async function getIdentity(orgId: OrgId, reach: OauthReach, issuer: IssuerReply): Promise<Identity | null> {
  const found = await findSource(reach, issuer);
  if (!found) return null;
  if (found.source === "cimd") {
    await forgetClient(reach.id, issuer.issuer);
    await writeClient(prisma(), orgId, reach.id, issuer.issuer, {
      clientId: metadataDocumentUrl(),
      source: "cimd",
      authMethod: "none",
      secret: null,
    });
  } else if (found.clientId === null) await register(orgId, reach, issuer);
  return findIdentity(reach.id, issuer.issuer);
}

/** The identity that was used with an issuer before; null when there is none. Throws `vault_record`. */
export async function findIdentity(serverId: string, issuer: string): Promise<Identity | null> {
  const row = await findRow(serverId, issuer);
  if (!row) return null;
  const secret = row.sealedSecret === null ? null : open(clientSeal(row.id), row.sealedSecret);
  const client = { client_id: row.clientId };
  return { client, auth: authOf(row.authMethod, secret), source: row.source as ClientSource };
}

interface NewClient {
  clientId: string;
  source: ClientSource;
  authMethod: string;
  secret: string | null;
  redirectUri?: string;
}

/** Keeps a client of one issuer in place of the one before; its secret is sealed. */
export async function writeClient(
  tx: Pick<Tx, "serverOauthClient">,
  orgId: OrgId,
  serverId: string,
  issuer: string,
  made: NewClient,
): Promise<void> {
  const id = randomUUID();
  const { secret, ...plain } = made;
  const sealedSecret = secret === null ? null : seal(clientSeal(id), secret);
  await tx.serverOauthClient.deleteMany({ where: { serverId, issuer, orgId } });
  await tx.serverOauthClient.create({ data: { id, orgId, serverId, issuer, sealedSecret, ...plain } });
}

/** Drops a client that we registered ourselves, so that the next sign-in registers anew; one that an admin entered stays. */
export async function forgetClient(serverId: string, issuer: string): Promise<void> {
  await prisma().serverOauthClient.deleteMany({ where: { serverId, issuer, source: { not: "preregistered" } } });
}

/** The way a client proves itself that fits what the issuer takes (RFC 8414: without a list, Basic). */
export function chooseAuthMethod(issuer: IssuerReply, hasSecret: boolean): string {
  if (!hasSecret) return "none";
  const offered = issuer.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
  return offered.includes("client_secret_basic") || !offered.includes("client_secret_post")
    ? "client_secret_basic"
    : "client_secret_post";
}

async function register(orgId: OrgId, reach: OauthReach, issuer: IssuerReply): Promise<void> {
  const offered = issuer.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
  const known = ["client_secret_basic", "client_secret_post", "none"].find((method) => offered.includes(method));
  const wanted = known ?? "client_secret_basic";
  try {
    const response = await dynamicClientRegistrationRequest(issuer, clientMetadata(wanted), {
      [customFetch]: oauthFetch(reach),
      [allowInsecureRequests]: reach.allowPrivateNetwork,
    });
    if (response.status !== 201 && response.status !== 200) throw new OauthStop("registration");
    const made = RegistrationReply.parse(await response.json());
    const secret = made.client_secret || null;
    await writeClient(prisma(), orgId, reach.id, issuer.issuer, {
      clientId: made.client_id,
      source: "dcr",
      authMethod: secret === null ? "none" : (made.token_endpoint_auth_method ?? wanted),
      secret,
      redirectUri: redirectUri(),
    });
  } catch (error) {
    throw error instanceof OauthStop ? error : new OauthStop("registration", error);
  }
}

async function findRow(serverId: string, issuer: string): Promise<ClientRow | null> {
  return prisma().serverOauthClient.findUnique({ where: { serverId_issuer: { serverId, issuer } } });
}

function clientSeal(id: string) {
  return { table: "server_oauth_client", id, purpose: "oauth-client-secret" } as const;
}

function authOf(method: string, secret: string | null): ClientAuth {
  if (secret === null || method === "none") return None();
  return method === "client_secret_post" ? ClientSecretPost(secret) : basic(secret);
}

/**
 * RFC 6749 section 2.3.1 in the form encoding of the URL standard. The library's own encodes `-`, `.` and `_` as well, which is
 * allowed, but many authorisation servers never decode.
 */
function basic(secret: string): ClientAuth {
  const encode = (text: string) => new URLSearchParams([["", text]]).toString().slice(1);
  return (_issuer, client, _body, headers) => {
    headers.set("authorization", `Basic ${btoa(`${encode(client.client_id)}:${encode(secret)}`)}`);
  };
}

/** True when an authorisation server on the internet can fetch our metadata document. */
async function isPublic(): Promise<boolean> {
  const { publicUrl } = env();
  if (!publicUrl.startsWith("https:")) return false;
  return checkAddress(publicUrl, { allowPrivateNetwork: false }).then(
    () => true,
    () => false,
  );
}
