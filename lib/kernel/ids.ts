declare const brand: unique symbol;
type Id<B extends string> = string & { readonly [brand]: B };

export type OrgId = Id<"org">;
export type UserId = Id<"user">;
export type SessionId = Id<"session">;
export type ServerId = Id<"server">;
export type PolicyId = Id<"policy">;
export type GrantId = Id<"grant">;
export type BundleId = Id<"bundle">;
export type DecisionId = Id<"decision">;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** True for a UUID in lower-case canonical form, the only form that the product writes. */
export function isUuid(text: string): boolean {
  return uuid.test(text);
}
