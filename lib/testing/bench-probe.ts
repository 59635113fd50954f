import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { clockMs } from "./bench-upstream";

/** How late the events of one stream were, milliseconds behind the moment at which the upstream wrote them. */
export interface Lateness {
  count: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}

/** Where a probe goes. */
export interface ProbeTarget {
  url: string;
  token: string | null;
}

const call =
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_charge","arguments":{"amount":100,"currency":"usd","customer":"cus_1","memo":"bench","region":"eu"}}}';

function headersOf({ token }: ProbeTarget): Record<string, string> {
  return {
    "Content-Type": "application/json",
    Accept: "application/json, text/event-stream",
    ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
  };
}

/** Reads the upstream's 1,000 timed events through `target`. */
export async function probeEvents(target: ProbeTarget): Promise<Lateness> {
  const late: number[] = [];
  await new Promise<void>((resolve, reject) => {
    const outgoing = request(target.url, { method: "POST", headers: headersOf(target), agent: false }, (incoming) => {
      let text = "";
      incoming.setEncoding("utf8");
      incoming.on("data", (part: string) => {
        const now = clockMs();
        text += part;
        const end = text.lastIndexOf("\n\n");
        if (end < 0) return;
        for (const [, sentAt] of text.slice(0, end).matchAll(/"sentAt":([\d.]+)/g)) late.push(now - Number(sentAt));
        text = text.slice(end);
      });
      incoming.on("end", resolve);
      incoming.on("error", reject);
    });
    outgoing.on("error", reject);
    outgoing.end(call);
  });
  late.sort((a, b) => a - b);
  const at = (share: number) => late[Math.min(late.length - 1, Math.floor(late.length * share))] ?? NaN;
  return { count: late.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

/** What a crowd of connections does until its process ends. */
export interface Crowd {
  url: string;
  /** Grants that take turns. */
  tokens: readonly string[];
  connections: number;
  /**
   * `wait`: one call each, whose answer never comes. `read`: calls whose endless streams are read as fast as they come. `deaf`: the
   * same, and nobody reads. `bodies`: chunked bodies of 200 MB, again and again.
   */
  doing: "wait" | "read" | "deaf" | "bodies";
}

const bodyBytes = 200 * 1024 * 1024;
const block = Buffer.alloc(65_536, 0x20);
const chunk = Buffer.concat([Buffer.from("10000\r\n"), block, Buffer.from("\r\n")]);

/** Opens the crowd's connections; resolves once every one of them has sent its first request. */
export async function startCrowd(crowd: Crowd): Promise<{ connections: number }> {
  await Promise.all(Array.from({ length: crowd.connections }, (_, at) => join(crowd, at)));
  return { connections: crowd.connections };
}

function join(crowd: Crowd, at: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = openSocket(crowd, at, resolve);
    if (crowd.doing === "wait") return;
    // Whoever is thrown out comes again.
    socket.once("close", () => void setTimeout(() => void join(crowd, at), 20));
  });
}

function openSocket(crowd: Crowd, at: number, sent: () => void): Socket {
  const { hostname, port, pathname } = new URL(crowd.url);
  const token = crowd.tokens[at % crowd.tokens.length] ?? null;
  const lines = Object.entries(headersOf({ url: crowd.url, token })).map(([name, value]) => `${name}: ${value}`);
  const head = [`POST ${pathname} HTTP/1.1`, `Host: ${hostname}:${port}`, ...lines, "Connection: close"].join("\r\n");
  const socket = connect(Number(port), hostname, () => {
    if (crowd.doing === "bodies") void sendBody(socket, head);
    else socket.write(`${head}\r\nContent-Length: ${String(call.length)}\r\n\r\n${call}`);
    sent();
  });
  if (crowd.doing !== "deaf") socket.resume();
  socket.on("error", () => undefined);
  return socket;
}

async function sendBody(socket: Socket, head: string): Promise<void> {
  socket.write(`${head}\r\nTransfer-Encoding: chunked\r\n\r\n`);
  for (let sent = 0; sent < bodyBytes && !socket.destroyed; sent += block.length) {
    if (socket.write(chunk)) continue;
    await new Promise((resolve) => socket.once("drain", resolve).once("close", resolve));
  }
  socket.end();
}
