import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

export interface TokenPipe {
  /** `http://127.0.0.1:<port>`, without a path. */
  origin: string;
  /** Sends what arrives for `path` on with this grant's token. */
  add(path: string, token: string): void;
  close(): Promise<void>;
}

/**
 * A reverse proxy that adds one line, `Authorization: Bearer <token>`, chosen by path, for clients that cannot be given a header. All
 * other lines (Host and Origin among them), bodies and streams pass as they are, and either side's hang-up reaches the other.
 */
export async function startTokenPipe(target: string): Promise<TokenPipe> {
  const { hostname, port } = new URL(target);
  const tokens = new Map<string, string>();
  const agent = new Agent({ keepAlive: true });
  const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
    const { method, rawHeaders, url: path = "/" } = incoming;
    const token = tokens.get(path);
    const headers = token === undefined ? rawHeaders : [...rawHeaders, "Authorization", `Bearer ${token}`];
    const outward = request({ agent, host: hostname, port, path, method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      outgoing.flushHeaders();
      answer.pipe(outgoing);
      answer.on("error", () => outgoing.destroy());
    });
    outward.on("error", () => outgoing.destroy());
    outgoing.on("close", () => {
      if (!outgoing.writableFinished) outward.destroy();
    });
    incoming.pipe(outward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${String(address.port)}`,
    add: (path, token) => void tokens.set(path, token),
    async close() {
      agent.destroy();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
