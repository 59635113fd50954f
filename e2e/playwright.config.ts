import path from "node:path";
import { defineConfig } from "@playwright/test";
import { chromiumFlags, findChromium } from "./chromium";

const browser = await findChromium();
const results = path.resolve(import.meta.dirname, "../test-results");

/** One worker: the journeys share one running product, and two cores are enough for one browser. */
export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.ts",
  outputDir: path.join(results, "e2e"),
  globalSetup: "./global-setup.ts",
  workers: 1,
  fullyParallel: false,
  forbidOnly: true,
  retries: 0,
  timeout: 90_000,
  expect: { timeout: 10_000 },
  reporter: [["list"]],
  metadata: { chromium: `${browser.path} (${browser.from})` },
  use: {
    browserName: "chromium",
    launchOptions: { executablePath: browser.path, args: chromiumFlags },
    viewport: { width: 1440, height: 900 },
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    actionTimeout: 10_000,
    trace: "retain-on-failure",
  },
});
