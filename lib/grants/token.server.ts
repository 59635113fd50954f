import "server-only";
import { isSecretToken, makeSecretToken } from "@/lib/auth/secret-token.server";

export { hashOf, hintOf, sameHash } from "@/lib/auth/secret-token.server";

const prefix = "plg_";

/** What a client gets for a grant over OAuth: a code, then an access and a refresh token. */
export const codePrefix = "plc_";
export const accessPrefix = "plo_";
export const refreshPrefix = "plr_";

/** A new grant token: `plg_` and the form of every token of the product. */
export function makeToken(): string {
  return makeSecretToken(prefix);
}

/** True when the text has the form and the checksum of a grant token. Costs no database work; says nothing about validity. */
export function isWellFormed(token: string): boolean {
  return isSecretToken(prefix, token);
}
