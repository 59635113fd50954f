import { gzipSync } from "node:zlib";
import { expect, signIn, test } from "./fixtures";

const limitBytes = 250 * 1024;

test("the first load of each page brings at most 250 KiB of script, compressed", async ({ page, demo }) => {
  await signIn(page, demo, "admin");
  const policies = await page.request.get(`${demo.consoleUrl}/api/policies`);
  const [policy] = (await policies.json()) as { id: string }[];
  const sizes = new Map<string, number>();
  const places = ["/overview", "/logs", "/policies", `/policies/${policy?.id ?? ""}`, "/servers", "/grants"];
  for (const path of places) {
    const html = await (await page.request.get(`${demo.consoleUrl}${path}`)).text();
    const tags = [...html.matchAll(/<script\b[^>]*>/g)].map(([tag]) => tag).filter((tag) => !/nomodule/i.test(tag));
    const sources = new Set(tags.flatMap((tag) => /src="([^"]+)"/.exec(tag)?.[1] ?? []));
    let total = 0;
    for (const source of sources) {
      const known = sizes.get(source);
      const size = known ?? gzipSync(await (await page.request.get(`${demo.consoleUrl}${source}`)).body()).byteLength;
      sizes.set(source, size);
      total += size;
    }
    expect(sources.size).toBeGreaterThan(0);
    expect.soft(total, `${path}: ${String(Math.round(total / 1024))} KiB`).toBeLessThanOrEqual(limitBytes);
    test.info().annotations.push({
      type: path.replace(/[0-9a-f-]{36}/, "[id]"),
      description: `${String(Math.round(total / 1024))} KiB`,
    });
  }
});
