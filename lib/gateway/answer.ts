/** What the gateway answers to one HTTP request. */
export interface Answer {
  status: number;
  body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null;
  type: "json" | "sse" | null;
  /** Goes into `PolicyLayer-Decision`. */
  decisionId: string | null;
  headers?: Readonly<Record<string, string>>;
}

const jsonType = "application/json";

/**
 * The response of an answer: never cached, never sniffed, and with no header of the upstream but those named in `headers`.
 * `make` is the class to build it with.
 */
export function toResponse(answer: Answer, make: typeof Response): Response {
  const headers: Record<string, string> = { "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" };
  for (const name in answer.headers) headers[name] = answer.headers[name] ?? "";
  if (answer.type === "json") headers["Content-Type"] = jsonType;
  else if (answer.type === "sse") {
    headers["Content-Type"] = "text/event-stream";
    headers["X-Accel-Buffering"] = "no";
  }
  if (answer.decisionId !== null) headers["PolicyLayer-Decision"] = answer.decisionId;
  return new make(answer.body, { status: answer.status, headers });
}

/** A JSON answer with `text` as its body. */
export function jsonAnswer(status: number, text: string, decisionId: string | null = null): Answer {
  return { status, body: text, type: "json", decisionId };
}

/** `Retry-After` (RFC 9110, section 10.2.3) in whole seconds, at least one. */
export function retryHeader(retryAfterMs: number): Readonly<Record<string, string>> {
  return { "Retry-After": String(Math.max(1, Math.ceil(retryAfterMs / 1000))) };
}
