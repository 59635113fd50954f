import "server-only";
import type { Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { joinBytes } from "@/lib/http/byte-join";
import type { Redact } from "@/lib/http/redact";
import { isAppError, type ErrorCode } from "@/lib/kernel/errors";
import type { BrokenEnd } from "./outcome";

/** An upstream's answer whose body was not read yet. One of: read `body` to its end, `discard`, `stop`. */
export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly type: "json" | "sse" | null;
  /** Decoded; null when it came in an encoding that is not tolerated. */
  readonly body: Readable | null;
  /** The bytes without the secrets that this request carried; the same bytes when they hold none. */
  readonly redact: Redact;
  /** Throws an unread body away; a small one is drained, so that its connection stays usable. */
  discard(): void;
  /** Ends the body in the middle, which closes its connection. `code` says why, when it was the upstream's fault. */
  stop(code?: BrokenEnd["code"]): void;
}

export type Collected = { ok: true; bytes: Uint8Array<ArrayBuffer> } | { ok: false; end: BrokenEnd };

/**
 * Reads a whole body, counted decoded, and gives it without the secrets of its request; ends it when it grows over `bytesMax` or
 * takes longer than `withinMs`.
 */
export function collect(answer: UpstreamAnswer, bytesMax: number, withinMs: number): Promise<Collected> {
  const body = answer.body;
  if (!body) {
    answer.discard();
    return Promise.resolve({ ok: false, end: { kind: "broken", code: "upstream_malformed" } });
  }
  return new Promise((resolve) => {
    const parts: Uint8Array[] = [];
    let total = 0;
    const finish = (collected: Collected) => {
      clearTimeout(timer);
      resolve(collected);
      if (!collected.ok) answer.stop(collected.end.code);
    };
    const broken = (code: BrokenEnd["code"]) => {
      finish({ ok: false, end: { kind: "broken", code } });
    };
    const timer = setTimeout(() => {
      broken("upstream_timeout");
    }, withinMs);
    body.on("data", (chunk: Uint8Array) => {
      total += chunk.length;
      if (total > bytesMax) broken("upstream_too_large");
      else parts.push(chunk);
    });
    body.on("end", () => {
      finish({ ok: true, bytes: answer.redact(joinBytes(parts, total)) as Uint8Array<ArrayBuffer> });
    });
    body.on("error", (error) => {
      finish({ ok: false, end: brokenBy(error) });
    });
  });
}

/** How an error of the connection ends a call: nothing is assumed about one that came after the first byte may have left. */
export function brokenBy(error: unknown): BrokenEnd {
  if (isAppError(error) && isBrokenCode(error.code)) return { kind: "broken", code: error.code };
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : null;
  if (code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_BODY_TIMEOUT") {
    return { kind: "broken", code: "upstream_timeout" };
  }
  const unreadable = typeof code === "string" && (code.startsWith("Z_") || code.startsWith("ERR__ERROR_FORMAT"));
  return { kind: "broken", code: unreadable ? "upstream_malformed" : "upstream_error" };
}

function isBrokenCode(code: ErrorCode): code is BrokenEnd["code"] {
  return ["upstream_error", "upstream_timeout", "upstream_too_large", "upstream_malformed"].includes(code);
}

/** One layer of compression is tolerated although none was asked for; null for more layers and for other forms. */
export function decoded(body: Readable, encoding: string | null): Readable | null {
  switch (encoding?.trim().toLowerCase() ?? "") {
    case "":
    case "identity":
      return body;
    case "gzip":
    case "x-gzip":
      return pipeInto(body, createGunzip());
    case "deflate":
      return pipeInto(body, createInflate());
    case "br":
      return pipeInto(body, createBrotliDecompress());
    default:
      return null;
  }
}

function pipeInto<T extends NodeJS.ReadWriteStream & Readable>(body: Readable, decoder: T): T {
  body.on("error", (error) => decoder.destroy(error));
  body.pipe(decoder);
  return decoder;
}
