import { z } from "zod";
import { parseRedirectUri } from "./redirect-uri";

/** What is kept of a client's description of itself. */
export interface ClientMetadata {
  name: string;
  redirectUris: string[];
}

export type ClientMetadataResult =
  | { ok: true; metadata: ClientMetadata }
  /** `error` is a code of RFC 7591, section 3.2.2. */
  | { ok: false; error: "invalid_redirect_uri" | "invalid_client_metadata"; description: string };

const Shape = z.looseObject({
  client_name: z.string().max(500).optional(),
  redirect_uris: z.array(z.string()).min(1).max(10),
  grant_types: z.array(z.string()).optional(),
  response_types: z.array(z.string()).optional(),
});

/** The RFC 7591 metadata of a public client, from a registration or a metadata document. Everything that we do not use is ignored. */
export function parseClientMetadata(value: unknown): ClientMetadataResult {
  const parsed = Shape.safeParse(value);
  if (!parsed.success) {
    const path = parsed.error.issues[0]?.path.join(".") ?? "";
    if (path.startsWith("redirect_uris")) return refuse("invalid_redirect_uri", "redirect_uris must list 1 to 10 URIs");
    return refuse("invalid_client_metadata", path === "" ? "not a JSON object" : `${path} is not valid`);
  }
  const { client_name: said, redirect_uris, grant_types, response_types } = parsed.data;
  if (redirect_uris.some((uri) => parseRedirectUri(uri) === null)) {
    return refuse("invalid_redirect_uri", "allowed are https, http on loopback, and schemes that belong to an app");
  }
  if (grant_types && !grant_types.includes("authorization_code")) {
    return refuse("invalid_client_metadata", "grant_types must contain authorization_code");
  }
  if (response_types && !response_types.includes("code")) {
    return refuse("invalid_client_metadata", "response_types must contain code");
  }
  return { ok: true, metadata: { name: nameOf(said), redirectUris: redirect_uris } };
}

/**
 * True for a client id that is the URL of a metadata document: https, a path, no query, fragment, user info or dot segments
 * (draft-ietf-oauth-client-id-metadata-document, section 3).
 */
export function isClientDocumentUrl(clientId: string): boolean {
  if (clientId.length > 500 || !/^https:\/\/[\x21-\x7e]+$/.test(clientId) || /[#?\\]/.test(clientId)) return false;
  const url = URL.canParse(clientId) ? new URL(clientId) : null;
  return url !== null && url.username === "" && url.pathname !== "/" && url.href === clientId;
}

/** The client that a document describes; the document must name the very URL that it was read from. */
export function parseClientDocument(url: string, text: string): ClientMetadataResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse("invalid_client_metadata", "the document is not JSON");
  }
  const said = z.looseObject({ client_id: z.string(), client_secret: z.undefined().optional() }).safeParse(value);
  if (!said.success || said.data.client_id !== url) {
    return refuse("invalid_client_metadata", "the document does not name its own URL as client_id, or holds a secret");
  }
  return parseClientMetadata(value);
}

function refuse(error: "invalid_redirect_uri" | "invalid_client_metadata", description: string) {
  return { ok: false, error, description } as const;
}

function nameOf(said: string | undefined): string {
  const text = [...(said ?? "").replace(/[\p{Cc}\s]+/gu, " ").trim()].slice(0, 80).join("");
  return text === "" ? "Unnamed client" : text;
}
