import type { StackGrant } from "./gateway-stack";

/** A response whose body is read as it comes. */
export interface OpenStream {
  response: Response;
  /** Everything so far, once it holds `part` or the stream has ended. */
  until(part: string): Promise<string>;
  /** Hangs up. */
  leave(): void;
}

/** Sends a request to a grant's endpoint and reads its answer as a stream. */
export async function openStream(
  grant: Pick<StackGrant, "url" | "token">,
  method: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<OpenStream> {
  const leaving = new AbortController();
  const response = await fetch(grant.url, {
    method,
    signal: leaving.signal,
    headers: {
      Authorization: `Bearer ${grant.token}`,
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      ...headers,
    },
    ...(body === null ? {} : { body: JSON.stringify(body) }),
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return {
    response,
    async until(part) {
      while (!text.includes(part)) {
        const next = await reader?.read();
        if (!next || next.done) break;
        text += next.value;
      }
      return text;
    },
    leave: () => leaving.abort(),
  };
}
