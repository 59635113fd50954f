import "server-only";

/** A stream to a client that can be ended from here. */
export interface Endable {
  end(): void;
}

/**
 * The same response with a body that `end()` closes cleanly, kept in `streams` while it runs. For listening streams, which
 * would otherwise keep the process from stopping; the client sees an ordinary end and connects again.
 */
export function endable(response: Response, streams: Set<Endable>): Response {
  if (!response.body || !response.headers.get("content-type")?.startsWith("text/event-stream")) return response;
  const reader = response.body.getReader();
  let stream: Endable | null = null;
  const leave = () => {
    if (stream) streams.delete(stream);
  };
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      stream = {
        end: () => {
          leave();
          controller.close();
          void reader.cancel().catch(() => undefined);
        },
      };
      streams.add(stream);
    },
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (stream && !streams.has(stream)) return;
        if (!done) return controller.enqueue(value);
        leave();
        controller.close();
      } catch (error) {
        leave();
        controller.error(error);
      }
    },
    async cancel(reason) {
      leave();
      await reader.cancel(reason);
    },
  });
  return new Response(body, { status: response.status, headers: response.headers });
}
