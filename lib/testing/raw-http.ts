import { connect } from "node:net";

export interface RawAnswer {
  status: number;
  headers: Map<string, string>;
  body: string;
}

/** Sends exactly these bytes to a loopback port and reads the one answer; for requests that no HTTP client would send. */
export async function sendRaw(port: number, bytes: Uint8Array | string): Promise<RawAnswer> {
  const parts: Buffer[] = [];
  await new Promise<void>((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (part) => {
      parts.push(part);
      if (isComplete(Buffer.concat(parts))) socket.destroy();
    });
    socket.on("close", () => {
      resolve();
    });
    socket.on("error", reject);
  });
  return parseAnswer(Buffer.concat(parts).toString());
}

/** One POST as it would stand on the wire, header lines as given. */
export function rawPost(path: string, lines: readonly string[], body: Uint8Array | string): Buffer {
  const bytes = Buffer.from(body);
  const head = [
    `POST ${path} HTTP/1.1`,
    ...lines,
    `Content-Length: ${String(bytes.length)}`,
    "Connection: close",
    "",
    "",
  ];
  return Buffer.concat([Buffer.from(head.join("\r\n")), bytes]);
}

function isComplete(bytes: Buffer): boolean {
  const text = bytes.toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const length = /content-length: (\d+)/i.exec(text.slice(0, end))?.[1];
  if (length === undefined) return text.endsWith("0\r\n\r\n");
  return bytes.length >= end + 4 + Number(length);
}

function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf("\r\n\r\n");
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { status: Number(first.split(" ")[1]), headers, body: text.slice(end + 4) };
}
