import { readFileSync } from "node:fs";
import path from "node:path";

/**
 * Certificates for tests only; their one key is in the repository and opens nothing. `authority` signed `good` (localhost,
 * mcp.example, 127.0.0.1; until 2120), `expired` (the same names; until 2021) and `other-host` (other.example). `self-signed` has the
 * names of `good` and no authority.
 */
export type CertificateName = "authority" | "good" | "expired" | "other-host" | "self-signed";

/** The PEM text of a certificate, or of the key of all of them but the authority. */
export function readCertificate(name: CertificateName | "key"): string {
  return readFileSync(path.join(import.meta.dirname, `test-only-${name}.pem`), "utf8");
}
