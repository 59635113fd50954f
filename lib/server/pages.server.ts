import "server-only";
import type { Server } from "node:http";
import next from "next";
import type { Pages } from "./listener.server";

/** Next's request handler over the build in `root` (or its development server), ready to answer. */
export async function openPages(
  options: { root: string; dev: boolean },
  httpServer: Server,
): Promise<Pages & { close: () => Promise<void> }> {
  const app = next({ dev: options.dev, dir: options.root, quiet: !options.dev, httpServer });
  await app.prepare();
  const request = app.getRequestHandler();
  const upgrade = app.getUpgradeHandler();
  return {
    request: (incoming, outgoing) => request(incoming, outgoing),
    ...(options.dev ? { upgrade } : {}),
    close: () => app.close(),
  };
}
