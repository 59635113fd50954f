import "server-only";
import { isSecretToken, makeSecretToken } from "@/lib/auth/secret-token.server";

export { hashOf, hintOf, sameHash } from "@/lib/auth/secret-token.server";

const prefix = "plg_";

/** A new grant token: `plg_` and the form of every token of the product. */
export function makeToken(): string {
  return makeSecretToken(prefix);
}

/** True when the text has the form and the checksum of a grant token. Costs no database work; says nothing about validity. */
export function isWellFormed(token: string): boolean {
  return isSecretToken(prefix, token);
}
