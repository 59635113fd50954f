import "server-only";
import { egressRequest } from "@/lib/http/egress.server";
import { isAppError } from "@/lib/kernel/errors";
import { OauthStop } from "./oauth-fault";
import type { Upstream } from "./lookup.server";

const answerBytesMax = 262_144;
const wholeMs = 10_000;

/** What a request on behalf of a server may reach, and whose certificate it trusts. */
export type OauthReach = Pick<Upstream, "id" | "allowPrivateNetwork" | "caPem">;

interface FetchOptions {
  method: string;
  headers: Record<string, string>;
  body?: string | URLSearchParams | null | undefined;
}

/**
 * The `fetch` of everything that is said to authorisation servers: judged addresses, no redirect followed, at most 256 KiB plain, 10 s
 * in all. Throws OauthStop, which holds no text of the other side.
 */
export function oauthFetch(reach: OauthReach): (url: string, options: FetchOptions) => Promise<Response> {
  return async (url, { method, headers, body }) => {
    try {
      const signal = AbortSignal.timeout(wholeMs);
      const answer = await egressRequest({
        url,
        method: method === "POST" ? "POST" : "GET",
        headers: { ...headers, "accept-encoding": "identity", "user-agent": "policylayer" },
        body: body === undefined || body === null ? null : String(body),
        allowPrivateNetwork: reach.allowPrivateNetwork,
        partition: `oauth ${reach.id}`,
        caPem: reach.caPem,
        signal,
        headersTimeoutMs: wholeMs,
        bodyTimeoutMs: wholeMs,
      });
      const { statusCode: status } = answer;
      const bytes = await readBounded(answer.body);
      const isBare = status === 204 || status === 205 || status === 304;
      return new Response(isBare ? null : bytes, { status, headers: toHeaders(answer.headers) });
    } catch (error) {
      throw toStop(error);
    }
  };
}

async function readBounded(
  body: AsyncIterable<Uint8Array> & { destroy: () => unknown },
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let left = answerBytesMax;
  for await (const part of body) {
    left -= part.length;
    if (left < 0) throw new OauthStop("too_large");
    parts.push(part);
  }
  return Uint8Array.from(Buffer.concat(parts));
}

function toHeaders(raw: Record<string, string | string[] | undefined>): Headers {
  const headers = new Headers();
  for (const name of ["content-type", "www-authenticate", "content-encoding"]) {
    const value = raw[name];
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  return headers;
}

/** Any failure of a request as the fault that people are told. */
export function toStop(error: unknown): OauthStop {
  if (error instanceof OauthStop) return error;
  if (isAppError(error)) return new OauthStop(error.code === "address_blocked" ? "blocked" : "unreachable", error);
  const name = error instanceof Error ? error.name : "";
  return new OauthStop(/Timeout|Abort/.test(name) ? "slow" : "unreachable", error);
}
