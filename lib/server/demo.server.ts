import "server-only";
import { randomBytes } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { env } from "@/lib/env/env.server";
import { seedDemo, startPaymentsServer } from "@/lib/sandbox/sandbox.server";
import type { BootOptions } from "./boot.server";
import { demoText, type DemoReport } from "./demo-text";
import type { Stoppable } from "./stop.server";

/** Starts the demo payments server, seeds the demo data, prints how to connect, and writes the facts for programs. */
export async function startDemo(options: BootOptions, parts: Stoppable[]): Promise<void> {
  const report = await options.step("demo", async () => {
    const { port, publicUrl } = env();
    const payments = await startPayments(port + 1);
    parts.push({ name: "demo payments server", stop: payments.close });
    const facts = await seedDemo({ upstreamUrl: payments.url, publicUrl });
    const { serverId, grantToken, users } = facts;
    const mcpUrl = `${publicUrl}/mcp/${serverId}`;
    return { consoleUrl: publicUrl, mcpUrl, grantToken, serverId, upstreamUrl: payments.url, users };
  });
  if (options.jsonFile !== null) await writeReport(options.jsonFile, report);
  process.stdout.write(demoText(report));
  if (options.jsonFile !== null) process.stdout.write(`Written to ${options.jsonFile}\n\n`);
}

/** On the port beside the console's, so that the address stays the same from start to start; on any other when it is busy. */
async function startPayments(port: number): Promise<{ url: string; close: () => Promise<void> }> {
  const host = "127.0.0.1";
  try {
    return await startPaymentsServer({ host, port: port > 65_535 ? 0 : port });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    return startPaymentsServer({ host, port: 0 });
  }
}

/** Whole or not at all, readable by its owner only: it holds a token and passwords. */
async function writeReport(file: string, report: DemoReport): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const half = `${file}.${randomBytes(6).toString("hex")}`;
  await writeFile(half, `${JSON.stringify(report, null, 2)}\n`, { mode: 0o600, flag: "wx" });
  await rename(half, file);
}
