import path from "node:path";
import { freePortPair, makeFolder, readFacts, startProduct as start, type DemoFacts } from "@/lib/testing/product";

/** What `--json` writes. */
export type Demo = DemoFacts;
export type DemoUser = Demo["users"][number];

export interface Product {
  url: string;
  /** Null when it was started without demo data. */
  demo: Demo | null;
  /** Everything that it has printed. */
  output: () => string;
  stop: () => Promise<void>;
}

/** Starts the built product (building it first when sources changed) on a free port with an empty data folder. */
export async function startProduct({ demo }: { demo: boolean }): Promise<Product> {
  const folder = makeFolder();
  const facts = path.join(folder.path, "demo.json");
  const port = String(await freePortPair());
  const settings = { POLICYLAYER_DATA_DIR: path.join(folder.path, "data"), LOG_LEVEL: "warn" };
  const product = start(["--port", port, ...(demo ? ["--demo", "--json", facts] : [])], settings);
  const stop = async () => {
    await product.stop("SIGTERM");
    folder.remove();
  };
  try {
    await product.printed(demo ? `Written to ${facts}` : "/setup#");
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `http://localhost:${port}`, demo: demo ? readFacts(facts) : null, output: product.output, stop };
}
