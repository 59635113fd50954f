/** True when an `Authorization` header names the Bearer scheme, with a token or without. */
export function hasBearer(authorization: string | null): boolean {
  return /^bearer(?:\s|$)/i.test(authorization ?? "");
}

/** The token of `Authorization: Bearer <token>`: scheme in any case, exactly one space, nothing behind. */
export function bearerOf(authorization: string | null): string | null {
  return /^bearer ([\x21-\x7e]{1,200})$/i.exec(authorization ?? "")?.[1] ?? null;
}
