import { z } from "zod";

const name = z.string().trim().min(1).max(80);

/** What stands before the names of a server's tools and prompts, parted from them by two underscores. */
export const prefixForm = /^[a-z0-9-]{1,24}$/;
const prefix = z.string().regex(prefixForm, "1 to 24 of a-z, 0-9 and -");

export const BundleInput = z.strictObject({ name });
export type BundleInput = z.infer<typeof BundleInput>;

export const BundlePatch = z.strictObject({ name: name.optional(), enabled: z.boolean().optional() });
export type BundlePatch = z.infer<typeof BundlePatch>;

export const MemberInput = z.strictObject({ serverId: z.uuid(), prefix, policyId: z.uuid().nullable().default(null) });
export type MemberInput = z.infer<typeof MemberInput>;

export const PrefixInput = z.strictObject({ prefix });
export type PrefixInput = z.infer<typeof PrefixInput>;

export const MemberPolicyInput = z.strictObject({ policyId: z.uuid().nullable() });
export type MemberPolicyInput = z.infer<typeof MemberPolicyInput>;

/** Every member once, first to last. */
export const OrderInput = z.strictObject({ serverIds: z.array(z.uuid()).max(100) });
export type OrderInput = z.infer<typeof OrderInput>;

/** `[id]` and `[serverId]` of a path. */
export const MemberParams = z.strictObject({ id: z.uuid(), serverId: z.uuid() });

export interface BundleMemberDto {
  server: { id: string; name: string; enabled: boolean };
  prefix: string;
  policy: { id: string; name: string } | null;
  /** Tools in the server's catalogue; a policy may hide some. */
  toolCount: number;
  /** Tools whose name would be too long behind the prefix; the bundle leaves them out. */
  tooLong: string[];
}

/** A bundle as pages see it. Dates are ISO 8601. */
export interface BundleDto {
  id: string;
  name: string;
  enabled: boolean;
  /** In the order in which their lists are shown. */
  members: BundleMemberDto[];
  /** Grants that are not revoked. */
  grantCount: number;
  createdAt: string;
  /** `<PUBLIC_URL>/mcp/s/<id>` */
  mcpUrl: string;
}
