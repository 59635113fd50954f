import "server-only";
import { hash, verify } from "@node-rs/argon2";
import { singleton } from "@/lib/kernel/singleton";

/** Argon2id with the first parameter set of the OWASP password storage guide: 19 MiB, two passes, one lane. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** The hash to store for a password. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, cost);
}

/**
 * True when the password belongs to the hash. Without a hash (unknown person) it does the same work and answers false, so that
 * the time tells nothing about which accounts exist.
 */
export async function isPassword(stored: string | null, password: string): Promise<boolean> {
  const decoy = await singleton("password-decoy", () => hashPassword("no account has this password"));
  try {
    return (await verify(stored ?? decoy, password)) && stored !== null;
  } catch {
    return false;
  }
}
