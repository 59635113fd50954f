import { readdirSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { freePortPair, makeFolder, readFacts, startProduct, type DemoFacts, type Product } from "@/lib/testing/product";

const ready = "Stop with Ctrl-C.";
const folders: { remove: () => void }[] = [];
const running: Product[] = [];

function newFolder(): string {
  const folder = makeFolder();
  folders.push(folder);
  return folder.path;
}

function start(flags: readonly string[], settings: Record<string, string>): Product {
  const product = startProduct(flags, settings);
  running.push(product);
  return product;
}

afterEach(async () => {
  for (const product of running.splice(0)) await product.stop("SIGTERM");
  for (const folder of folders.splice(0)) folder.remove();
});

describe("a start that cannot work", () => {
  test("bad settings: every name, no value, exit 1", async () => {
    const product = start([], { POLICYLAYER_DATA_DIR: newFolder(), LOG_LEVEL: "sekret-a", AUTH_SECRET: "sekret-b" });
    expect((await product.ended).code).toBe(1);
    expect(product.output()).toContain("AUTH_SECRET, LOG_LEVEL");
    expect(product.output()).not.toContain("sekret");
  });

  test("an unknown flag: exit 1, and the flag is named", async () => {
    const product = start(["--demmo"], {});
    expect((await product.ended).code).toBe(1);
    expect(product.output()).toContain("--demmo");
  });

  test("a port that was asked for and is busy: exit 1, nothing made", async () => {
    const folder = path.join(newFolder(), "data");
    const { server, port } = await occupy();
    const product = start(["--port", String(port)], { POLICYLAYER_DATA_DIR: folder });
    expect((await product.ended).code).toBe(1);
    expect(product.output()).toContain(`Port ${String(port)} is busy`);
    expect(() => statSync(folder)).toThrow("ENOENT");
    await close(server);
  });

  test("--reset on a folder with other people's files: exit 1, all still there", async () => {
    const folder = newFolder();
    writeFileSync(path.join(folder, "thesis.docx"), "ten years");
    const product = start(["--reset", "--port", "0"], { POLICYLAYER_DATA_DIR: folder });
    expect((await product.ended).code).toBe(1);
    expect(readdirSync(folder)).toEqual(["thesis.docx"]);
  });
});

describe("an installation", () => {
  const folder = makeFolder();
  const settings = { POLICYLAYER_DATA_DIR: path.join(folder.path, "data") };
  afterAll(() => folder.remove());

  test("A8 without an admin the start prints a one-time set-up link, and a set-up without its token is refused", async () => {
    const port = await freePortPair();
    const product = start(["--port", String(port)], settings);
    await product.printed(ready);
    const url = `http://localhost:${String(port)}`;
    expect(product.output()).toMatch(new RegExp(`${url}/setup#\\S{20,}`));
    expect((await fetch(`${url}/setup`)).status).toBe(200);
    const body = JSON.stringify({ token: "x".repeat(43) });
    const headers = { "Content-Type": "application/json", Origin: url };
    const refused = await fetch(`${url}/api/setup`, { method: "POST", headers, body });
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(await product.stop("SIGINT")).toMatchObject({ code: 0 });
  });

  test("O2 a second process on the same folder ends with 75 and names folder and holder", async () => {
    const first = start(["--port", "0"], settings);
    await first.printed(ready);
    const second = start(["--port", "0"], settings);
    expect((await second.ended).code).toBe(75);
    expect(second.output()).toContain(settings.POLICYLAYER_DATA_DIR);
    expect(second.output()).toContain(String(first.pid));
    const resetting = start(["--port", "0", "--reset"], settings);
    expect((await resetting.ended).code).toBe(75);
    expect(await first.stop("SIGTERM")).toMatchObject({ code: 0 });
  });

  test("O2 after kill -9 the next start takes over what was left and works", async () => {
    const first = start(["--port", "0"], settings);
    await first.printed(ready);
    await first.stop("SIGKILL");
    const port = await freePortPair();
    const second = start(["--port", String(port)], settings);
    await second.printed(ready);
    expect((await fetch(`http://127.0.0.1:${String(port)}/readyz`)).status).toBe(200);
    expect(await second.stop("SIGTERM")).toMatchObject({ code: 0 });
  });
});

describe("the demo", () => {
  const folder = makeFolder();
  const file = path.join(folder.path, "demo.json");
  const settings = { POLICYLAYER_DATA_DIR: path.join(folder.path, "data") };
  let product: Product;
  let facts: DemoFacts;

  beforeAll(async () => {
    product = startProduct(["--demo", "--port", String(await freePortPair()), "--json", file], settings);
    await product.printed(ready);
    facts = readFacts(file);
  }, 300_000);
  afterAll(async () => {
    await product.stop("SIGTERM");
    folder.remove();
  });

  const post = (body: object) =>
    fetch(facts.mcpUrl, {
      method: "POST",
      headers: {
        Authorization: `Bearer ${facts.grantToken}`,
        "Content-Type": "application/json",
        Accept: "application/json, text/event-stream",
      },
      body: JSON.stringify(body),
    });

  test("writes what programs need, for its owner only, and prints the same for people", () => {
    expect(facts.users.map((user) => user.role).sort()).toEqual(["admin", "policy_manager", "viewer"]);
    expect(facts.mcpUrl).toBe(`${facts.consoleUrl}/mcp/${facts.serverId}`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    for (const text of [facts.mcpUrl, facts.grantToken, ...facts.users.map((user) => user.password)]) {
      expect(product.output()).toContain(text);
    }
  });

  test("answers health, pages and a governed call", async () => {
    expect(await (await fetch(`${facts.consoleUrl}/readyz`)).json()).toEqual({ ready: true, failing: [] });
    const page = await fetch(`${facts.consoleUrl}/login`);
    const nonce = /'nonce-([^']+)'/.exec(page.headers.get("content-security-policy") ?? "")?.[1] ?? "none";
    expect(await page.text()).toContain(`nonce="${nonce}"`);
    const charge = { amount: 60_000, currency: "usd", customer: "cus_ada" };
    const call = { name: "create_charge", arguments: charge };
    const answer = await post({ jsonrpc: "2.0", id: 1, method: "tools/call", params: call });
    expect(await answer.text()).toContain("[POLICYLAYER POLICY DENIED] Single charge cannot exceed $500.00");
  });

  const control = async (input: object) => {
    const url = facts.upstreamUrl.replace("/mcp", "/control");
    expect((await fetch(url, { method: "POST", body: JSON.stringify(input) })).ok).toBe(true);
  };
  const charge = (id: number, amount: number) => {
    const call = { name: "create_charge", arguments: { amount, currency: "usd", customer: "cus_ada" } };
    return post({ jsonrpc: "2.0", id, method: "tools/call", params: call }).then((sent) => sent.text());
  };
  const ledgerHas = async (text: string) => {
    const ledger = facts.upstreamUrl.replace("/mcp", "/ledger");
    await expect.poll(async () => (await fetch(ledger)).text(), { timeout: 10_000 }).toContain(text);
  };

  test("O4 SIGTERM: streams end at once, a late call gets its answer, a hanging one is in doubt, exit 0 within 10 s", async () => {
    await control({ mode: "hang", tool: "create_charge", times: 1 });
    const hanging = charge(2, 4321);
    await ledgerHas("unanswered");
    await control({ mode: "late", delayMs: 1500, tool: "create_charge" });
    const late = charge(3, 1234);
    await ledgerHas("1234");
    const headers = { Authorization: `Bearer ${facts.grantToken}`, Accept: "text/event-stream" };
    const listening = await fetch(facts.mcpUrl, { headers });
    const streamEnd = listening.text().then(
      () => performance.now(),
      () => performance.now(),
    );
    const asked = performance.now();
    const ending = product.stop("SIGTERM");
    await expect.poll(async () => (await fetch(`${facts.consoleUrl}/readyz`)).status).toBe(503);
    expect((await streamEnd) - asked).toBeLessThan(1_000);
    expect(await late).toContain("1234");
    expect(await hanging).toContain('"outcome":"in_doubt","mayHaveRun":true');
    const ended = await ending;
    expect(ended.code).toBe(0);
    expect(ended.ms).toBeLessThan(10_000);
    await expect(fetch(`${facts.consoleUrl}/healthz`)).rejects.toThrow();
  });
});

async function occupy(): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return { server, port: typeof address === "object" && address ? address.port : 0 };
}

function close(server: Server): Promise<unknown> {
  return new Promise((resolve) => server.close(resolve));
}
