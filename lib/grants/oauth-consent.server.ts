import "server-only";
import { prisma } from "@/lib/db/db.server";
import { env } from "@/lib/env/env.server";
import { requirePermission, type Ctx } from "@/lib/kernel/ctx";
import type { Consent, ConsentClient, ConsentGrant, ConsentProblem } from "./connector-schema";
import { answerUri, checkAuthorize, readParameters, type AuthorizeRequest } from "./oauth-authorize";
import { findClient, readClient, type OauthClient } from "./oauth-clients.server";
import type { ResourceTarget } from "./oauth-resource";
import { isRegisteredRedirect, parseRedirectUri } from "./redirect-uri";

/** An authorisation request that may be put to a person: client, redirect URI, form and server are right. */
export interface CheckedRequest {
  kind: "checked";
  client: OauthClient;
  redirectUri: string;
  request: AuthorizeRequest;
  parameters: ReadonlyMap<string, string>;
  target: { kind: "server" | "bundle"; id: string; name: string };
}

type Refused = Extract<Consent, { kind: "refused" }>;

/**
 * Checks the query of an authorisation request for somebody of `ctx`'s organisation. `from` says whether a client's metadata document is
 * read anew or taken as it was last read. Until client and redirect URI are known to belong together nothing may be sent to that URI.
 */
export async function checkRequest(
  ctx: Ctx,
  query: string,
  from: "read" | "stored",
): Promise<CheckedRequest | Refused> {
  const { publicUrl, mcpOauth } = env();
  if (!mcpOauth) return refused("off", "");
  const parameters = readParameters(query);
  const clientId = parameters?.get("client_id");
  if (!parameters || clientId === undefined)
    return refused("request", "client_id is missing, or a parameter stands twice");
  const client = await (from === "read" ? readClient(clientId) : findClient(clientId));
  if (!client) return refused("client_unknown", "");
  if ("problem" in client) return refused("client_unreadable", client.problem);
  const redirectUri = parameters.get("redirect_uri") ?? "";
  if (!isRegisteredRedirect(client.redirectUris, redirectUri)) return refused("redirect_unknown", "");
  const shown = toConsentClient(client, redirectUri);
  const result = checkAuthorize(parameters, publicUrl);
  if (!result.ok) {
    const { error, description } = result;
    const returnTo = answerUri(redirectUri, { error, error_description: description }, parameters, publicUrl);
    return { ...refused("not_allowed", description), client: shown, returnTo };
  }
  const target = await findTarget(ctx, result.request.target);
  if (!target) {
    const answer = { error: "invalid_target", error_description: "no such server for this person" };
    const returnTo = answerUri(redirectUri, answer, parameters, publicUrl);
    return { ...refused("server_unknown", ""), client: shown, returnTo };
  }
  return { kind: "checked", client, redirectUri, request: result.request, parameters, target };
}

/** What the consent page shows for the query of an authorisation request. Changes nothing but the record of a metadata document. */
export async function readConsent(ctx: Ctx, query: string): Promise<Consent> {
  requirePermission(ctx, "read");
  const checked = await checkRequest(ctx, query, "read");
  if (checked.kind === "refused") return checked;
  const { client, redirectUri, parameters, target } = checked;
  const no = { error: "access_denied", error_description: "the person said no" };
  return {
    kind: "ask",
    client: toConsentClient(client, redirectUri),
    target,
    grants: await listActive(ctx, target),
    admins: await listAdmins(ctx),
    cancelTo: answerUri(redirectUri, no, parameters, env().publicUrl),
  };
}

function refused(problem: ConsentProblem, description: string): Refused {
  return { kind: "refused", problem, description, client: null, returnTo: null };
}

function toConsentClient(client: OauthClient, redirectUri: string): ConsentClient {
  return {
    name: client.name,
    confirmedBy: client.source === "cimd" ? new URL(client.clientId).host : null,
    goesTo: parseRedirectUri(redirectUri) ?? { kind: "web", host: "" },
  };
}

async function findTarget(ctx: Ctx, { kind, id }: ResourceTarget): Promise<CheckedRequest["target"] | null> {
  const wanted = { where: { id, orgId: ctx.orgId }, select: { id: true, name: true } };
  const found = kind === "bundle" ? await prisma().bundle.findFirst(wanted) : await prisma().server.findFirst(wanted);
  return found && { kind, ...found };
}

async function listActive(ctx: Ctx, { kind, id }: ResourceTarget): Promise<ConsentGrant[]> {
  const rows = await prisma().grant.findMany({
    where: {
      orgId: ctx.orgId,
      ...(kind === "bundle" ? { bundleId: id } : { serverId: id }),
      revokedAt: null,
      OR: [{ expiresAt: null }, { expiresAt: { gt: ctx.now } }],
    },
    select: { id: true, label: true, expiresAt: true, policy: { select: { id: true, name: true } } },
    orderBy: [{ createdAt: "desc" }, { id: "asc" }],
    take: 200,
  });
  return rows.map((row) => ({ ...row, expiresAt: row.expiresAt?.toISOString() ?? null }));
}

async function listAdmins(ctx: Ctx): Promise<string[]> {
  const rows = await prisma().member.findMany({
    where: { orgId: ctx.orgId, role: "admin" },
    select: { user: { select: { name: true } } },
    orderBy: { createdAt: "asc" },
    take: 5,
  });
  return rows.map((row) => row.user.name);
}
