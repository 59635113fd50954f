import "server-only";
import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";

/**
 * What the network does to COMMIT: `pass` it, `lose` it on its way to the database, lose only its `answer`, or `hang`: it arrives, its
 * answer never does, and the connection stays open.
 */
export type Fault = "pass" | "lose" | "answer" | "hang";

/** A TCP proxy before PostgreSQL that can cut a connection at its COMMIT; for tests. */
export class FaultProxy {
  fault: Fault = "pass";
  /** Resolves at the next COMMIT that a fault hit. */
  struck: Promise<void> = Promise.resolve();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #strike: () => void = () => undefined;

  constructor(target: { host: string; port: number }) {
    this.#server = createServer((client) => this.#pipe(client, connect(target.port, target.host)));
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  /** Arms the fault for one COMMIT. */
  arm(fault: Fault): void {
    this.fault = fault;
    this.struck = new Promise((resolve) => (this.#strike = resolve));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pipe(client: Socket, server: Socket): void {
    let isMute = false;
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
    }
    client.on("close", () => server.end());
    server.on("close", () => client.destroy());
    server.on("data", (bytes) => {
      if (!isMute) client.write(bytes);
    });
    client.on("data", (bytes) => {
      const fault = bytes.includes("COMMIT\0") ? this.fault : "pass";
      if (fault === "pass") return void server.write(bytes);
      this.fault = "pass";
      isMute = true;
      if (fault === "lose") server.destroy();
      else server.write(bytes, () => fault === "answer" && setImmediate(() => client.destroy()));
      this.#strike();
    });
  }
}
