/** What can be wrong with an upstream's sign-in, each with the sentence that people read. Never holds a text of the other side. */
export const oauthFaults = {
  blocked: "Its address is not allowed: https and a public address are needed",
  unreachable: "It could not be reached",
  slow: "It did not answer in time",
  too_large: "Its answer is larger than 256 KiB",
  unreadable: "Its answer could not be read",
  status: "It answered with an unexpected status",
  no_resource_metadata: "The server names no authorisation server",
  resource_mismatch: "The server's metadata is for another resource than this server's URL",
  no_issuer_metadata: "The authorisation server publishes no metadata",
  issuer_mismatch: "The metadata is of another authorisation server than the one that was asked",
  no_s256: "The authorisation server does not offer PKCE with S256",
  endpoint: "An address in the authorisation server's metadata is missing or not allowed",
  registration: "The authorisation server refused to register this gateway",
  wrong_issuer: "The answer came from another authorisation server, or does not say from which",
  denied: "The sign-in was refused at the authorisation server",
  code_refused: "The authorisation server did not accept the sign-in's code",
  token: "The authorisation server gave no token that can be used",
  transport: "OAuth needs a server that is reached over HTTP",
} as const;
export type OauthFault = keyof typeof oauthFaults;

/** Why a server must be connected again. */
export const oauthReasons = {
  refresh_refused: "the authorisation server refused to renew the access",
  token_refused: "the server refuses the token, also a fresh one",
  expired: "the access ran out and cannot be renewed",
  insufficient_scope: "the server asks for more rights than were granted",
  unreadable: "the stored token cannot be opened",
} as const;
export type OauthReason = keyof typeof oauthReasons;

/** The sentence for a stored reason; a plain one for a reason of another version. */
export function reasonText(reason: string | null): string {
  return reason !== null && Object.hasOwn(oauthReasons, reason)
    ? oauthReasons[reason as OauthReason]
    : "the access no longer works";
}
