import "server-only";
import { randomUUID } from "node:crypto";
import type { Ctx, Permission } from "@/lib/kernel/ctx";
import type { OrgId } from "@/lib/kernel/ids";
import { allPermissions } from "./matrix";
import { pathHeader, signInAddress } from "./return-address";
import { findCtxByCookie } from "./sessions.server";

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

/** The caller behind a request. Null when nobody is signed in; never throws. */
export function findCtxOf(request: Request, requestId: string): Promise<Ctx | null> {
  return findCtxByCookie(request.headers.get("cookie"), requestId);
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
