import "server-only";
import { Readable } from "node:stream";

/** How long one request may wait, in milliseconds. */
export interface ChannelDeadlines {
  readonly connectMs: number;
  readonly firstByteMs: number;
  /** Silence of the answer's body; 0 = none is too long. */
  readonly idleMs: number;
}

/** One HTTP request as a streamable-HTTP server would get it, header names in lower case, the upstream's credential among them. */
export interface ChannelRequest {
  readonly method: "POST" | "GET" | "DELETE";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
  readonly deadlines: ChannelDeadlines;
  /** Ends the request as if its connection had been closed. */
  readonly signal?: AbortSignal;
}

/** What a streamable-HTTP server would have answered. One of: read `body` to its end, `discard`, `stop`. */
export interface ChannelAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
  /** Throws an unread body away. */
  discard(): void;
  /** Ends the body in the middle, as a closed connection would. */
  stop(): void;
}

/** An answer whose body is complete. */
export function wholeAnswer(
  status: number,
  body: Uint8Array | string,
  headers: Record<string, string> = {},
): ChannelAnswer {
  return answerOf(status, headers, Readable.from(body.length > 0 ? [Buffer.from(body)] : [], { objectMode: false }));
}

/** A JSON-RPC error with an id of its own text, `null` when no request could be read. */
export function errorAnswer(status: number, idText: string, code: number, message: string): ChannelAnswer {
  const body = `{"jsonrpc":"2.0","id":${idText},"error":{"code":${String(code)},"message":${JSON.stringify(message)}}}`;
  return wholeAnswer(status, body, { "content-type": "application/json" });
}

/** An answer around a body that is still written. */
export function answerOf(status: number, headers: Record<string, string>, body: Readable): ChannelAnswer {
  // A destroyed stream may still emit the error that ended it.
  const end = () => void body.on("error", () => undefined).destroy();
  return { status, headers, body, discard: end, stop: end };
}
