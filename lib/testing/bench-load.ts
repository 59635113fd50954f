import { connect, type Socket } from "node:net";

export interface LoadOptions {
  url: string;
  token: string | null;
  connections: number;
  durationMs: number;
  /** Dropped from the start of the run. */
  warmUpMs: number;
  /** What is asked; an allowed call when left out. */
  ask?: Ask;
  /** Each connection begins with `initialize` and keeps its session; for servers that answer nothing without one. */
  inSession?: boolean;
}

/** `deny` is a call that the bench's policy denies, and whose denial is the good answer. */
export type Ask = "call" | "deny" | "list";

export interface LoadResult {
  /** Good answers (HTTP 200 with a result that is no error) per second. */
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Answers that were not good. */
  bad: number;
}

function bodyOf(ask: Ask, id: number): string {
  const amount = ask === "deny" ? 100_000 : 100;
  const asked =
    ask === "list"
      ? '"method":"tools/list","params":{}'
      : `"method":"tools/call","params":{"name":"create_charge","arguments":{"amount":${String(amount)},"currency":"usd","customer":"cus_1","memo":"bench","region":"eu"}}`;
  return `{"jsonrpc":"2.0","id":${String(id)},${asked}}`;
}

const opening = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}`;

/** Keeps so many connections busy, one call after the other on each, over bare sockets so that the generator costs little. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const latencies: number[] = [];
  const state = { bad: 0, nextId: 1 };
  const startAt = performance.now() + options.warmUpMs;
  const endAt = startAt + options.durationMs;
  const head = headOf(options);
  const callers = Array.from({ length: options.connections }, () =>
    keepCalling(options, head, state, endAt, (ms, atMs) => {
      if (atMs >= startAt && atMs < endAt) latencies.push(ms);
    }),
  );
  await Promise.all(callers);
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? NaN;
  return { perSecond: latencies.length / (options.durationMs / 1000), p50Ms: at(0.5), p99Ms: at(0.99), bad: state.bad };
}

function headOf({ url, token }: LoadOptions): string {
  const { host, pathname } = new URL(url);
  const lines = [
    `POST ${pathname} HTTP/1.1`,
    `Host: ${host}`,
    "Content-Type: application/json",
    "Accept: application/json, text/event-stream",
    "User-Agent: bench",
    ...(token === null ? [] : [`Authorization: Bearer ${token}`]),
  ];
  return `${lines.join("\r\n")}\r\n`;
}

async function keepCalling(
  { url, ask = "call", inSession = false }: LoadOptions,
  head: string,
  state: { bad: number; nextId: number },
  endAt: number,
  note: (ms: number, atMs: number) => void,
): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  const answers = new Answers(socket);
  const send = (text: string, lines = "") =>
    void socket.write(`${head}${lines}Content-Length: ${String(text.length)}\r\n\r\n${text}`);
  let session = "";
  if (inSession) {
    send(opening);
    const id = /^mcp-session-id: (.+?)\r$/im.exec(await answers.next())?.[1];
    session = id === undefined ? "" : `Mcp-Session-Id: ${id}\r\n`;
  }
  while (performance.now() < endAt) {
    const text = bodyOf(ask, state.nextId++);
    const sentAt = performance.now();
    send(text, session);
    const answer = await answers.next();
    const now = performance.now();
    if (isGood(answer, ask)) note(now - sentAt, now);
    else state.bad += 1;
    if (answer === "") break;
  }
  socket.destroy();
}

function isGood(answer: string, ask: Ask): boolean {
  if (!answer.startsWith("HTTP/1.1 200") || !answer.includes('"result"')) return false;
  return answer.includes('"isError":true') === (ask === "deny");
}

/** Reads one answer after the other off a socket; an empty one when the connection is gone. */
class Answers {
  #text = "";
  #waiter: ((answer: string) => void) | null = null;
  #isClosed = false;

  constructor(socket: Socket) {
    socket.setEncoding("latin1");
    socket.on("data", (part: string) => {
      this.#text += part;
      this.#look();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#isClosed = true;
      this.#waiter?.("");
    });
  }

  next(): Promise<string> {
    if (this.#isClosed) return Promise.resolve("");
    return new Promise((resolve) => {
      this.#waiter = resolve;
    });
  }

  #look(): void {
    const end = this.#text.indexOf("\r\n\r\n");
    if (end < 0) return;
    const length = /content-length: (\d+)/i.exec(this.#text.slice(0, end))?.[1];
    const isChunked = length === undefined;
    const total = isChunked ? this.#text.indexOf("\r\n0\r\n\r\n", end) + 7 : end + 4 + Number(length);
    if (isChunked ? total < end : this.#text.length < total) return;
    const answer = this.#text.slice(0, total);
    this.#text = this.#text.slice(total);
    this.#waiter?.(answer);
  }
}
