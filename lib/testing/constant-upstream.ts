import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** The body of every answer but for the request's id. */
const result = JSON.stringify({ content: [{ type: "text", text: "ok" }], isError: false });
const opened = JSON.stringify({
  protocolVersion: "2025-06-18",
  capabilities: { tools: {} },
  serverInfo: { name: "constant", version: "1" },
});
const idPattern = /"id":\s*(\d+|"[^"]*")/;

/**
 * An upstream that does nothing: every request is answered at once with the same JSON result under its id, and `initialize` with what
 * clients that insist on it want to hear.
 */
export async function startConstantUpstream(): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on("data", (part: Buffer) => parts.push(part));
    incoming.on("end", () => {
      const text = parts.length === 1 ? String(parts[0]) : Buffer.concat(parts).toString();
      const id = idPattern.exec(text)?.[1];
      if (id === undefined) return void outgoing.writeHead(202).end();
      const body = `{"jsonrpc":"2.0","id":${id},"result":${text.includes('"initialize"') ? opened : result}}`;
      outgoing.writeHead(200, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) });
      outgoing.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}/mcp`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}
