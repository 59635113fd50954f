import { z } from "zod";

export const GrantInput = z
  .strictObject({
    label: z.string().trim().min(1).max(80),
    /** Exactly one of server and bundle. A bundle's members bring their own policies. */
    serverId: z.uuid().optional(),
    bundleId: z.uuid().optional(),
    policyId: z.uuid().nullable(),
    tags: z.array(z.string().trim().min(1).max(40)).max(20).default([]),
    /** Days until the grant ends; null = no end. */
    expiresInDays: z.int().min(1).max(3650).nullable(),
  })
  .refine(({ serverId, bundleId }) => (serverId === undefined) !== (bundleId === undefined), {
    path: ["serverId"],
    message: "Name one server or one bundle",
  })
  .refine(({ bundleId, policyId }) => bundleId === undefined || policyId === null, {
    path: ["policyId"],
    message: "In a bundle each server has its own policy",
  });
export type GrantInput = z.infer<typeof GrantInput>;

export const AttachInput = z.strictObject({ policyId: z.uuid().nullable() });
export type AttachInput = z.infer<typeof AttachInput>;

export type GrantState = "active" | "expired" | "revoked";

export interface GrantDto {
  id: string;
  label: string;
  tags: string[];
  /** Exactly one of server and bundle is there. */
  server: { id: string; name: string } | null;
  bundle: { id: string; name: string } | null;
  /** Null in a bundle, where each server has its own. */
  policy: { id: string; name: string } | null;
  state: GrantState;
  /** Last characters of the token, to tell tokens apart. */
  tokenHint: string;
  createdAt: string;
  expiresAt: string | null;
  revokedAt: string | null;
  lastUsedAt: string | null;
  mcpUrl: string;
}

/** The answer to minting: the only place where a token leaves the product. */
export interface MintedGrant {
  grant: GrantDto;
  token: string;
}
