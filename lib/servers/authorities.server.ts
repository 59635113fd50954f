import "server-only";
import { X509Certificate } from "node:crypto";
import { AppError } from "@/lib/kernel/errors";
import type { AuthorityDto } from "./settings";

const authoritiesMax = 20;

/** Throws `invalid_input` unless every block of the PEM text is a certificate of an authority, at most 20. */
export function requireAuthorities(pem: string): void {
  const blocks = blocksOf(pem);
  if (blocks.length > authoritiesMax) throw refused(`At most ${String(authoritiesMax)} certificates`);
  for (const [i, block] of blocks.entries()) {
    const certificate = read(block);
    if (!certificate) throw refused(`Certificate ${String(i + 1)} cannot be read`);
    // A server's own self-signed certificate is no authority, and is accepted as the one it is.
    if (!certificate.ca && certificate.subject !== certificate.issuer) {
      throw refused(`Certificate ${String(i + 1)} is not one of an authority`);
    }
  }
}

/** Names and ends of the certificates; empty for null. */
export function listAuthorities(pem: string | null): AuthorityDto[] {
  if (pem === null) return [];
  return blocksOf(pem).flatMap((block) => {
    const certificate = read(block);
    return certificate ? [{ name: nameOf(certificate), validTo: new Date(certificate.validTo).toISOString() }] : [];
  });
}

function blocksOf(pem: string): string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
}

function read(block: string): X509Certificate | null {
  try {
    return new X509Certificate(block);
  } catch {
    return null;
  }
}

/** Its common name, else the whole subject. */
function nameOf({ subject }: X509Certificate): string {
  const line = subject.split("\n").find((part) => part.startsWith("CN="));
  return line?.slice(3) ?? subject.replaceAll("\n", ", ");
}

function refused(message: string): AppError {
  return new AppError("invalid_input", { issues: [{ path: "caPem", code: "certificate", message }] });
}
