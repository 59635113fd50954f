import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the bench's upstream does, by path: all of it the same work for whoever stands before it. */
export const benchPaths = ["call", "list", "fresh-list", "hang", "flood", "events"] as const;
export type BenchPath = (typeof benchPaths)[number];

const idPattern = /"id":\s*(\d+|"[^"]*")/;
const isList = /"method":\s*"tools\/list"/;
const result = JSON.stringify({ content: [{ type: "text", text: "ok" }], isError: false });
const toolCount = 500;
const eventCount = 1_000;
const eventEveryMs = 2;

/** 500 definitions of some 700 bytes, every ninth of them with a name that the bench's policy hides. */
export function benchTools(): string[] {
  return Array.from({ length: toolCount }, (_, at) => {
    const name = `${at % 9 === 0 ? "delete" : "update"}_thing_${String(at)}`;
    const property = (key: string) => [
      key,
      { type: "string", description: `The ${key} of thing ${String(at)}, as it is shown.` },
    ];
    return JSON.stringify({
      name,
      title: `Thing ${String(at)}`,
      description: `Changes thing ${String(at)} and answers what it was before; asks for nothing and tells nobody.`,
      inputSchema: {
        type: "object",
        properties: Object.fromEntries(["customer", "currency", "memo", "region"].map(property)),
        required: ["customer"],
      },
      annotations: { readOnlyHint: false, destructiveHint: at % 9 === 0 },
    });
  });
}

/** Starts it on loopback. `fresh-list` differs in a few bytes each time, so that nothing can be remembered of it. */
export async function startBenchUpstream(): Promise<{ url: string }> {
  const tools = `"tools":[${benchTools().join(",")}]`;
  let listed = 0;
  const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on("data", (part: Buffer) => parts.push(part));
    incoming.on("end", () => {
      const text = Buffer.concat(parts).toString();
      const id = idPattern.exec(text)?.[1] ?? "null";
      const path = (incoming.url ?? "").slice(1) as BenchPath;
      if (path === "list" || path === "fresh-list") {
        const meta = path === "list" ? "" : `"_meta":{"n":${String((listed += 1))}},`;
        say(outgoing, id, isList.test(text) ? `{${meta}${tools}}` : result);
      } else if (path === "flood") flood(outgoing);
      else if (path === "events") void sendEvents(outgoing, id);
      else if (path !== "hang") say(outgoing, id, result);
    });
    incoming.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${String(port)}/` };
}

function say(outgoing: ServerResponse, id: string, answer: string): void {
  const body = `{"jsonrpc":"2.0","id":${id},"result":${answer}}`;
  outgoing.writeHead(200, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) }).end(body);
}

function progress(params: object): string {
  return `event: message\ndata: ${JSON.stringify({ jsonrpc: "2.0", method: "notifications/progress", params })}\n\n`;
}

/** Events as fast as they are taken, without end. */
function flood(outgoing: ServerResponse): void {
  outgoing.writeHead(200, { "Content-Type": "text/event-stream" });
  const block = progress({ progressToken: 1, progress: 1, message: "x".repeat(400) }).repeat(100);
  const more = () => {
    while (!outgoing.destroyed && outgoing.write(block));
    if (!outgoing.destroyed) outgoing.once("drain", more);
  };
  more();
}

/** 1,000 events, each with the moment at which it was sent in milliseconds of the machine's clock, then the answer. */
async function sendEvents(outgoing: ServerResponse, id: string): Promise<void> {
  outgoing.writeHead(200, { "Content-Type": "text/event-stream" }).flushHeaders();
  for (let at = 0; at < eventCount; at += 1) {
    await new Promise((resolve) => setTimeout(resolve, eventEveryMs));
    outgoing.write(progress({ progressToken: 1, progress: at, sentAt: clockMs() }));
  }
  outgoing.end(`event: message\ndata: {"jsonrpc":"2.0","id":${id},"result":${result}}\n\n`);
}

/** The machine's clock with fractions: two processes of one machine agree about it. */
export function clockMs(): number {
  return performance.timeOrigin + performance.now();
}
