import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { listenOn } from "./port.server";

const opened: Server[] = [];

afterEach(async () => {
  for (const server of opened.splice(0)) await new Promise((resolve) => server.close(resolve));
});

function make(): Server {
  const server = createServer();
  opened.push(server);
  return server;
}

async function busyPort(host = "127.0.0.1"): Promise<number> {
  const server = make();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return (server.address() as AddressInfo).port;
}

test("a busy default port gives way to the next free one", async () => {
  const port = await busyPort();
  const bound = await listenOn(make(), { host: "127.0.0.1", port, mayMove: true });
  expect(bound).toBeGreaterThan(port);
});

test("a busy port that was asked for is an error that names it", async () => {
  const port = await busyPort();
  await expect(listenOn(make(), { host: "127.0.0.1", port, mayMove: false })).rejects.toThrow(
    `Port ${String(port)} is busy`,
  );
});

test("a port that only the other loopback address uses is busy too: localhost may lead there", async () => {
  const port = await busyPort("::1").catch(() => null);
  // A machine without IPv6 has no other loopback address.
  if (port === null) return;
  await expect(listenOn(make(), { host: "127.0.0.1", port, mayMove: false })).rejects.toThrow("is busy");
});

test("an address that is not ours is an error, not a busy port", async () => {
  await expect(listenOn(make(), { host: "203.0.113.1", port: 0, mayMove: true })).rejects.toThrow("EADDRNOTAVAIL");
});
