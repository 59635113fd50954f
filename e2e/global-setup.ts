import { findChromium } from "./chromium";
import { startProduct } from "./product";

/** Starts the built product with demo data for all journeys, and stops it after them. */
export default async function globalSetup(): Promise<() => Promise<void>> {
  const browser = await findChromium();
  process.stdout.write(`Chromium: ${browser.path} (from ${browser.from})\n`);
  const product = await startProduct({ demo: true });
  process.env["E2E_DEMO"] = JSON.stringify(product.demo);
  return product.stop;
}
