import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

/** Starts the public reference server of the npm registry as a child process on a free loopback port. */
export async function startEverythingServer(): Promise<{ url: string; close: () => Promise<void> }> {
  const entry = path.join(
    path.dirname(createRequire(import.meta.url).resolve("@modelcontextprotocol/server-everything/package.json")),
    "dist/index.js",
  );
  const preload = pathToFileURL(path.join(import.meta.dirname, "everything-loopback.mjs")).href;
  const child = spawn(process.execPath, ["--import", preload, entry, "streamableHttp"], {
    stdio: ["ignore", "pipe", "ignore"],
    env: process.env,
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const found = /LISTENING (\d+)/.exec(text)?.[1];
      if (found) resolve(found);
    });
    void exited.then(() => reject(new Error("server-everything did not start")));
  });
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    close: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
