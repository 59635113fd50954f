import "server-only";
import { randomUUID } from "node:crypto";
import { hasBearer } from "@/lib/kernel/bearer";
import type { Ctx, Permission } from "@/lib/kernel/ctx";
import type { OrgId } from "@/lib/kernel/ids";
import { getCtxByBearer } from "./api-token-lookup.server";
import { allPermissions } from "./matrix";
import { pathHeader, signInAddress } from "./return-address";
import { findCtxByCookie } from "./sessions.server";
import { visitorOf } from "./visitor";

export { listApiTokens, mintApiToken, revokeApiToken } from "./api-tokens.server";
export {
  changeRole,
  createMember,
  createOrganisation,
  findOrganisation,
  listMembers,
  readSession,
  removeMember,
} from "./members.server";
export { authOptions } from "./next-auth-options.server";
export { openSessionCookie, revokeSession } from "./sessions.server";
export { completeSetup, ensureSetupToken, isSetUp } from "./setup.server";

/** The caller of this request, in a page or route of Next; null when nobody is signed in. Never throws. */
export async function findCtx(): Promise<Ctx | null> {
  const { headers } = await import("next/headers");
  return findCtxByCookie((await headers()).get("cookie"), randomUUID());
}

/**
 * The caller behind a request: by its Bearer header if it has one, whatever cookies come with it, else by its session. Null when
 * nobody is signed in. Throws `api_token` and `too_many_requests` for a Bearer header that holds no good API token.
 */
export async function findCtxOf(request: Request, requestId: string): Promise<Ctx | null> {
  const authorization = request.headers.get("authorization");
  if (authorization === null || !hasBearer(authorization)) {
    return findCtxByCookie(request.headers.get("cookie"), requestId);
  }
  const { address } = visitorOf(Object.fromEntries(request.headers));
  return getCtxByBearer(authorization, address, requestId);
}

/** For pages: the caller if the role has the permission. Nobody signed in goes to the sign-in page and back; a missing right is status 403. */
export async function requireCtx(permission: Permission): Promise<Ctx> {
  const ctx = await findCtx();
  const { forbidden, redirect } = await import("next/navigation");
  if (!ctx) {
    const { headers } = await import("next/headers");
    return redirect(signInAddress((await headers()).get(pathHeader)));
  }
  return ctx.permissions.has(permission) ? ctx : forbidden();
}

/** The product itself as the actor, with every right, for set-up and demo data. Never made from a request. */
export function systemCtx(orgId: OrgId, name: string): Ctx {
  return {
    orgId,
    actor: { kind: "system", name },
    permissions: allPermissions,
    requestId: randomUUID(),
    now: new Date(),
  };
}
