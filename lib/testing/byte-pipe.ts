import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** A reverse proxy that looks at nothing: what any gateway in Node costs at the very least. */
export async function startBytePipe(target: string): Promise<{ url: string; close(): Promise<void> }> {
  const upstream = new URL(target);
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
    const { method, headers } = incoming;
    const options = { agent, host: upstream.hostname, port: upstream.port, path: upstream.pathname, method, headers };
    const outward = request(options, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    outward.on("error", () => outgoing.destroy());
    incoming.pipe(outward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}/mcp`,
    close: () =>
      new Promise((resolve) => {
        agent.destroy();
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}
