import { joinBytes } from "@/lib/http/byte-join";

const LF = 0x0a;
const CR = 0x0d;

/** Cuts what a process writes into its lines (MCP, "stdio": one message per line), without their line breaks. */
export class LineSplitter {
  readonly #lineBytesMax: number;
  #parts: Uint8Array[] = [];
  #pendingBytes = 0;

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax;
  }

  /** The lines that this chunk completed, empty ones left out; null once a line is too long. */
  push(chunk: Uint8Array): Uint8Array[] | null {
    const lines: Uint8Array[] = [];
    let from = 0;
    for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, from)) {
      this.#keep(chunk.subarray(from, at));
      from = at + 1;
      if (this.#pendingBytes > this.#lineBytesMax) return null;
      const line = trimReturn(joinBytes(this.#parts, this.#pendingBytes));
      this.#parts = [];
      this.#pendingBytes = 0;
      if (line.length > 0) lines.push(line);
    }
    this.#keep(chunk.subarray(from));
    return this.#pendingBytes > this.#lineBytesMax ? null : lines;
  }

  #keep(part: Uint8Array): void {
    if (part.length === 0) return;
    this.#parts.push(part);
    this.#pendingBytes += part.length;
  }
}

/** A JSON text on one line: its line breaks can only stand between tokens (RFC 8259, section 7), where a space means the same. */
export function toLine(message: Uint8Array): Uint8Array {
  const line = new Uint8Array(message.length + 1);
  for (let at = 0; at < message.length; at++) {
    const byte = message[at] ?? 0;
    line[at] = byte === LF || byte === CR ? 0x20 : byte;
  }
  line[message.length] = LF;
  return line;
}

function trimReturn(line: Uint8Array): Uint8Array {
  return line[line.length - 1] === CR ? line.subarray(0, -1) : line;
}
