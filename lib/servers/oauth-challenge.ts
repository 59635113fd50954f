/** What a protected resource says in a `Bearer` challenge (RFC 6750 section 3, RFC 9728 section 5.1). */
export interface BearerChallenge {
  /** Where its metadata is; as sent, not judged yet. */
  resourceMetadata: string | null;
  /** Scopes that the request would have needed; empty = none named. */
  scopes: readonly string[];
  error: string | null;
}

const headerMax = 16_384;
const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const nameThenEquals = new RegExp(
  `[\\s,]*(${token})[ \\t]*=[ \\t]*(?:"((?:[^"\\\\]|\\\\.)*)"|(${token}))(?=[\\s,]|$)`,
  "y",
);
const schemeThenSpace = new RegExp(
  `[\\s,]*(${token})(?:[ \\t]+[A-Za-z0-9._~+/-]+=*(?=[ \\t]*(?:,|$)))?(?=[\\s,]|$)`,
  "y",
);

/**
 * The first `Bearer` challenge of the `WWW-Authenticate` lines, joined by commas (RFC 9110 section 11.6.1). Null when there is
 * none, and for a text that follows no grammar. A parameter that stands twice counts as it stood first.
 */
export function parseBearerChallenge(header: string | null): BearerChallenge | null {
  if (header === null || header.length > headerMax) return null;
  const params = bearerParams(header);
  return (
    params && {
      resourceMetadata: params.get("resource_metadata") ?? null,
      scopes: toScopes(params.get("scope") ?? ""),
      error: params.get("error") ?? null,
    }
  );
}

/** Scope tokens of a space-separated list (RFC 6749 section 3.3), each once; what is no token is left out. */
export function toScopes(text: string): string[] {
  return [...new Set(text.split(" "))].filter((scope) => /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/.test(scope)).slice(0, 100);
}

function bearerParams(header: string): Map<string, string> | null {
  let found: Map<string, string> | null = null;
  let current: Map<string, string> | null = null;
  let at = 0;
  while (header.slice(at).trim() !== "") {
    const param = matchAt(nameThenEquals, header, at);
    if (param && current) {
      const [whole, name = "", quoted, plain = ""] = param;
      const key = name.toLowerCase();
      if (!current.has(key)) current.set(key, quoted === undefined ? plain : quoted.replace(/\\(.)/g, "$1"));
      at += whole.length;
      continue;
    }
    const scheme = matchAt(schemeThenSpace, header, at);
    if (!scheme) return found;
    current = new Map();
    if (scheme[1]?.toLowerCase() === "bearer") found ??= current;
    at += scheme[0].length;
  }
  return found;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
