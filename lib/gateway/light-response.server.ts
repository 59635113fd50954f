import "server-only";
import { isAscii } from "node:buffer";
import { getRequestListener } from "@hono/node-server";
import { singleton } from "@/lib/kernel/singleton";
import type { Answer } from "./answer";

/**
 * The response class of @hono/node-server, which keeps status, headers and body as they were given until somebody asks for more;
 * its listener writes them out at once. The platform's class builds a stream and a header list per answer, a tenth of a call's cost.
 * The package offers its class only by replacing the global one, so it is taken from there and the global put back: Next, in the
 * same process, keeps the platform's.
 */
export function lightResponse(): typeof Response {
  return singleton("gateway-response", () => {
    const kept = (["Request", "Response"] as const).map((name) => [name, descriptorOf(name)] as const);
    getRequestListener(() => null);
    const light = globalThis.Response;
    for (const [name, descriptor] of kept) Object.defineProperty(globalThis, name, descriptor);
    return light;
  });
}

const textBytesMax = 4_096;

/**
 * The same answer with a short body of ASCII bytes as text, which Node sends in one piece with the headers; bytes it sends as a
 * second piece, a twelfth of what writing an answer costs.
 */
export function inOnePiece(answer: Answer): Answer {
  const { body } = answer;
  if (!(body instanceof Uint8Array) || body.length > textBytesMax || !isAscii(body)) return answer;
  return { ...answer, body: Buffer.from(body.buffer, body.byteOffset, body.length).toString("latin1") };
}

function descriptorOf(name: "Request" | "Response"): PropertyDescriptor {
  const own = Object.getOwnPropertyDescriptor(globalThis, name);
  return own ?? { value: globalThis[name], writable: true, configurable: true };
}
