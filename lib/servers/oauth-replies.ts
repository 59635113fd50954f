import { z } from "zod";

const names = z.array(z.string().min(1).max(300)).max(1000);
const address = z.string().min(1).max(2048);

/** A protected resource's metadata, as far as it is read (RFC 9728 section 2). */
export const ResourceReply = z.object({
  resource: address,
  authorization_servers: z.array(address).max(50).exactOptional(),
  scopes_supported: names.exactOptional(),
});
export type ResourceReply = z.infer<typeof ResourceReply>;

/** An authorisation server's metadata, as far as it is read (RFC 8414 section 2, RFC 9207 section 3). */
export const IssuerReply = z.object({
  issuer: address,
  authorization_endpoint: address,
  token_endpoint: address,
  registration_endpoint: address.exactOptional(),
  revocation_endpoint: address.exactOptional(),
  scopes_supported: names.exactOptional(),
  code_challenge_methods_supported: names.exactOptional(),
  token_endpoint_auth_methods_supported: names.exactOptional(),
  id_token_signing_alg_values_supported: names.exactOptional(),
  authorization_response_iss_parameter_supported: z.boolean().exactOptional(),
  client_id_metadata_document_supported: z.boolean().exactOptional(),
});
export type IssuerReply = z.infer<typeof IssuerReply>;

/**
 * A client as an authorisation server registered it (RFC 7591 section 3.2.1). Many leave out `client_secret_expires_at`, which the RFC
 * asks for beside a secret.
 */
export const RegistrationReply = z.object({
  client_id: z.string().min(1).max(2048),
  client_secret: z.string().max(8192).exactOptional(),
  token_endpoint_auth_method: z.enum(["client_secret_basic", "client_secret_post", "none"]).exactOptional(),
});
