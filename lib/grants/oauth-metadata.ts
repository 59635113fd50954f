import { parseResourcePath, resourceOf } from "./oauth-resource";

/** The one scope: what a token may do is decided by the grant behind it and that grant's policy. */
export const scope = "mcp";

/** Where a client finds the metadata of the resource at `path` (RFC 9728, section 3.1). */
export function resourceMetadataUrl(publicUrl: string, path: string): string {
  return `${publicUrl}/.well-known/oauth-protected-resource${path}`;
}

/**
 * The metadata document of a server's or bundle's URL (RFC 9728, section 2); null for a path that no server can have. `path` keeps its
 * trailing slash, because the client compares `resource` with the URL that it was given (section 3.3). Says nothing about whether the
 * server exists.
 */
export function resourceMetadata(publicUrl: string, path: string) {
  const target = parseResourcePath(path);
  if (!target) return null;
  return {
    resource: resourceOf(publicUrl, target) + (path.endsWith("/") ? "/" : ""),
    authorization_servers: [publicUrl],
    scopes_supported: [scope],
    bearer_methods_supported: ["header"],
    resource_name: "PolicyLayer",
  };
}

/** The metadata document of the authorisation server (RFC 8414, section 2; RFC 9207, section 3; client ID metadata documents). */
export function authorisationServerMetadata(publicUrl: string) {
  return {
    issuer: publicUrl,
    authorization_endpoint: `${publicUrl}/oauth/authorize`,
    token_endpoint: `${publicUrl}/oauth/token`,
    registration_endpoint: `${publicUrl}/oauth/register`,
    revocation_endpoint: `${publicUrl}/oauth/revoke`,
    scopes_supported: [scope],
    response_types_supported: ["code"],
    response_modes_supported: ["query"],
    grant_types_supported: ["authorization_code", "refresh_token"],
    code_challenge_methods_supported: ["S256"],
    token_endpoint_auth_methods_supported: ["none"],
    revocation_endpoint_auth_methods_supported: ["none"],
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: true,
  };
}
