import "server-only";
import { getRequestListener } from "@hono/node-server";
import { singleton } from "@/lib/kernel/singleton";

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

function descriptorOf(name: "Request" | "Response"): PropertyDescriptor {
  const own = Object.getOwnPropertyDescriptor(globalThis, name);
  return own ?? { value: globalThis[name], writable: true, configurable: true };
}
