import { parseResource, type ResourceTarget } from "./oauth-resource";

/** An authorisation request whose form is right. Whether client and redirect URI are known is asked elsewhere. */
export interface AuthorizeRequest {
  codeChallenge: string;
  target: ResourceTarget;
}

export type AuthorizeResult =
  | { ok: true; request: AuthorizeRequest }
  /** `error` is a code of RFC 6749, section 4.1.2.1, or RFC 8707, section 2. */
  | { ok: false; error: string; description: string };

const queryLengthMax = 8_192;

/**
 * The parameters of a query; one without a value counts as left out. Null when one stands twice (RFC 6749, section 3.1) or the query is
 * longer than 8 KiB.
 */
export function readParameters(query: string): ReadonlyMap<string, string> | null {
  if (query.length > queryLengthMax) return null;
  const read = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (read.has(name)) return null;
    read.set(name, value);
  }
  for (const [name, value] of read) if (value === "") read.delete(name);
  return read;
}

/** Checks everything that does not concern the client itself: code flow, PKCE with S256, and a `resource` of this installation. */
export function checkAuthorize(parameters: ReadonlyMap<string, string>, publicUrl: string): AuthorizeResult {
  const refuse = (error: string, description: string) => ({ ok: false, error, description }) as const;
  if (parameters.get("response_type") !== "code") {
    return refuse("unsupported_response_type", "response_type must be code");
  }
  if ((parameters.get("response_mode") ?? "query") !== "query") {
    return refuse("invalid_request", "response_mode must be query");
  }
  if (parameters.has("request") || parameters.has("request_uri")) {
    return refuse("invalid_request", "request objects are not supported");
  }
  const codeChallenge = parameters.get("code_challenge") ?? "";
  if (!/^[0-9A-Za-z_-]{43}$/.test(codeChallenge) || parameters.get("code_challenge_method") !== "S256") {
    return refuse("invalid_request", "PKCE with code_challenge_method S256 is required");
  }
  const resource = parameters.get("resource");
  if (resource === undefined) return refuse("invalid_target", "resource is required: the MCP URL of the server");
  const target = parseResource(publicUrl, resource);
  if (!target) return refuse("invalid_target", "resource is not an MCP URL of this installation");
  return { ok: true, request: { codeChallenge, target } };
}

/**
 * The redirect URI with an answer in its query; a query that it has already stays (RFC 6749, section 4.1.2). `iss` tells the client who
 * answers (RFC 9207).
 */
export function answerUri(
  redirectUri: string,
  answer: Readonly<Record<string, string>>,
  parameters: ReadonlyMap<string, string>,
  issuer: string,
): string {
  const state = parameters.get("state");
  const query = new URLSearchParams({ ...answer, ...(state === undefined ? {} : { state }), iss: issuer });
  return `${redirectUri}${redirectUri.includes("?") ? "&" : "?"}${query.toString()}`;
}
