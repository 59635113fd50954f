import "server-only";
import { joinBytes } from "@/lib/http/byte-join";
import type { RequestHeaders } from "./request-headers";

export type BodyResult =
  { ok: true; bytes: Uint8Array } | { ok: false; code: "too_large" | "content_type" | "caller_gone" };

/**
 * The whole body of a request, refused as soon as it is known to be too large: by its declared length before anything is read,
 * or while it streams. Only plain `application/json` is read (UTF-8 by RFC 8259, so another charset is refused).
 */
export async function readBody(request: Request, headers: RequestHeaders, bytesMax: number): Promise<BodyResult> {
  const declared = headers.contentLength === null ? null : Number(headers.contentLength);
  if (declared !== null && declared > bytesMax) return { ok: false, code: "too_large" };
  if (!isPlainJson(headers)) return { ok: false, code: "content_type" };
  try {
    // Node's parser ends a body at its declared length, so this reads no more than was checked.
    if (declared !== null) return { ok: true, bytes: new Uint8Array(await request.arrayBuffer()) };
    return await readStream(request.body, bytesMax);
  } catch {
    return { ok: false, code: "caller_gone" };
  }
}

async function readStream(body: ReadableStream<Uint8Array> | null, bytesMax: number): Promise<BodyResult> {
  if (!body) return { ok: true, bytes: new Uint8Array(0) };
  const parts: Uint8Array[] = [];
  let total = 0;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { ok: true, bytes: joinBytes(parts, total) };
    total += value.length;
    if (total > bytesMax) {
      await reader.cancel().catch(() => undefined);
      return { ok: false, code: "too_large" };
    }
    parts.push(value);
  }
}

function isPlainJson(headers: RequestHeaders): boolean {
  const encoding = headers.contentEncoding?.toLowerCase();
  if (encoding !== undefined && encoding !== "" && encoding !== "identity") return false;
  const type = headers.contentType?.toLowerCase();
  return type === "application/json" || /^application\/json\s*;\s*charset=("?)utf-8\1$/.test(type ?? "");
}
