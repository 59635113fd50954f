import { z } from "zod";
import { roles, type Role } from "@/lib/kernel/ctx";

export const ApiTokenInput = z.strictObject({
  name: z.string().trim().min(1).max(80),
  role: z.enum(roles),
  expiresInDays: z.int().min(1).max(366),
});
export type ApiTokenInput = z.infer<typeof ApiTokenInput>;

export type ApiTokenState = "active" | "expired" | "revoked";

/** An API token as pages see it; never the token itself. */
export interface ApiTokenDto {
  id: string;
  name: string;
  role: Role;
  /** The role that it acts with now: its own, or its owner's where that is less. Null when the owner is no member any more. */
  actsAs: Role | null;
  owner: { userId: string; name: string };
  /** True for the reader's own. */
  isOwn: boolean;
  state: ApiTokenState;
  /** Last characters of the token, to tell tokens apart. */
  tokenHint: string;
  createdAt: string;
  expiresAt: string;
  revokedAt: string | null;
  lastUsedAt: string | null;
}

/** The answer to minting: the only place where a token leaves the product. */
export interface MintedApiToken {
  apiToken: ApiTokenDto;
  token: string;
}
