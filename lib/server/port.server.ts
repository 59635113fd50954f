import "server-only";
import { connect, type Server } from "node:net";
import { startError } from "@/lib/env/start-error";

const portsTried = 50;

export interface PortWish {
  host: string;
  port: number;
  /** True = take the next free port when this one is busy. */
  mayMove: boolean;
}

/** Binds `server` and returns the port. Throws `start_failed` when the wished port is busy and may not be moved. */
export async function listenOn(server: Server, wish: PortWish): Promise<number> {
  const last = wish.mayMove ? Math.min(wish.port + portsTried, 65_535) : wish.port;
  for (let port = wish.port; port <= last; port += 1) {
    if (await isTaken(wish.host, port)) continue;
    const bound = await tryListen(server, wish.host, port);
    if (bound !== null) return bound;
  }
  throw startError(
    wish.mayMove
      ? `The ports ${String(wish.port)} to ${String(last)} are all busy. Choose one with --port.`
      : `Port ${String(wish.port)} is busy. Stop what uses it, or choose another with --port.`,
  );
}

/**
 * Some systems let us bind 127.0.0.1 while another program has the same port on ::1, and `localhost` would then lead there;
 * so on loopback both are asked first.
 */
async function isTaken(host: string, port: number): Promise<boolean> {
  if (port === 0 || !["127.0.0.1", "localhost", "::1"].includes(host)) return false;
  return (await answers("127.0.0.1", port)) || (await answers("::1", port));
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 500 });
    const end = (taken: boolean) => {
      socket.destroy();
      resolve(taken);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}

/** The port, or null when it is busy. */
function tryListen(server: Server, host: string, port: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => {
      server.off("listening", done);
      if (error.code === "EADDRINUSE") resolve(null);
      else reject(startError(`Cannot listen on ${host} port ${String(port)}: ${error.code ?? error.message}.`));
    };
    const done = () => {
      server.off("error", failed);
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : port);
    };
    server.once("error", failed);
    server.once("listening", done);
    server.listen(port, host);
  });
}
