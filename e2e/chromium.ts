import { existsSync } from "node:fs";

export interface Browser {
  path: string;
  /** Where it was found, for the test report. */
  from: string;
}

/** Flags for a browser in a container without GPU, sandbox or network beyond loopback. */
export const chromiumFlags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The Chromium to test with: `CHROMIUM_PATH`, then the system's, then the one that comes from npm and unpacks itself. */
export async function findChromium(): Promise<Browser> {
  const named = process.env["CHROMIUM_PATH"];
  if (named) return { path: named, from: "CHROMIUM_PATH" };
  if (existsSync("/usr/bin/chromium")) return { path: "/usr/bin/chromium", from: "the system" };
  const { default: bundled } = await import("@sparticuz/chromium");
  return { path: await bundled.executablePath(), from: "@sparticuz/chromium" };
}
