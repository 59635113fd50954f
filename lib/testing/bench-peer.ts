import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { stopPart, type Child } from "./bench-child";

const cli = path.join(import.meta.dirname, "bench-peer/node_modules/@civic/passthrough-mcp-server/dist/cli.js");
const startMsMax = 20_000;

/**
 * The published gateway `@civic/passthrough-mcp-server` before `target`, without hooks: it relays and decides nothing. Null where it is
 * not installed or does not answer.
 */
export async function startPeer(target: string): Promise<Child | null> {
  if (!existsSync(cli)) return null;
  const port = await freePort();
  const env = {
    ...process.env,
    NODE_ENV: "production" as const,
    PORT: String(port),
    TARGET_SERVER_URL: target,
    TARGET_SERVER_TRANSPORT: "httpStream",
  };
  const child = spawn(process.execPath, [cli], { stdio: "ignore", env });
  const url = `http://127.0.0.1:${String(port)}/mcp`;
  const endsAt = performance.now() + startMsMax;
  while (performance.now() < endsAt && child.exitCode === null) {
    if (await isUp(url)) return { process: child, facts: { url, inSession: 1 } };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await stopPart({ process: child });
  return null;
}

async function isUp(url: string): Promise<boolean> {
  try {
    await (await fetch(url, { method: "POST", body: "{}" })).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
