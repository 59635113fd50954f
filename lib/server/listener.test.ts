import { request as httpRequest } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { rawPost, sendRaw } from "@/lib/testing/raw-http";
import { Listener, type ListenerOptions, type Pages } from "./listener.server";

const opened: Listener[] = [];

afterEach(async () => {
  for (const listener of opened.splice(0)) {
    listener.server.closeAllConnections();
    await new Promise((resolve) => listener.server.close(resolve));
  }
});

const echo: Pages["request"] = async (incoming, outgoing) => {
  outgoing.end(JSON.stringify({ url: incoming.url, headers: incoming.headers, raw: incoming.rawHeaders }));
};

async function open(options: Partial<ListenerOptions> = {}, pages: Pages["request"] | null = echo) {
  const listener = new Listener({
    handleMcp: async (_request, peer) => Response.json(peer),
    failing: async () => [],
    dev: false,
    ...options,
  });
  opened.push(listener);
  await new Promise<void>((resolve) => listener.server.listen(0, "127.0.0.1", resolve));
  const { port } = listener.server.address() as AddressInfo;
  const publicUrl = "https://console.example";
  if (pages) listener.serve({ request: pages }, { publicUrl, allowedHosts: ["alias.example"], port });
  return { listener, port, own: `127.0.0.1:${String(port)}` };
}

interface Got {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** A GET with exactly these headers; `fetch` would not let us set Host. */
function get(port: number, path: string, headers: Record<string, string> = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: "127.0.0.1", port, path, headers, agent: false }, (answer) => {
      let text = "";
      answer.on("data", (part: Buffer) => (text += part.toString()));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
      answer.on("error", reject);
    });
    sent.on("error", reject);
    sent.end();
  });
}

interface Echo {
  url: string;
  headers: Record<string, string>;
  raw: string[];
}

const codeOf = (got: Got) => (JSON.parse(got.text) as { error: { code: string } }).error.code;
const echoed = (got: Got) => JSON.parse(got.text) as Echo;

describe("H4 foreign callers of the console get 403 before anything runs", () => {
  const never: Pages["request"] = async () => {
    throw new Error("a foreign request reached the pages");
  };
  const foreign: [name: string, headers: Record<string, string>][] = [
    ["a foreign Host", { Host: "evil.example" }],
    ["our name on another port", { Host: "127.0.0.1:1" }],
    ["Origin null", { Origin: "null" }],
    ["a foreign Origin", { Origin: "https://evil.example" }],
    ["an Origin that only begins like ours", { Origin: "https://console.example.evil.example" }],
    ["a loopback Origin of another port", { Origin: "http://127.0.0.1:1" }],
  ];
  test.each(foreign)("%s", async (_name, headers) => {
    const { port, own } = await open({}, never);
    const got = await get(port, "/api/servers", { Host: own, ...headers });
    expect([got.status, codeOf(got)]).toEqual([403, "bad_origin"]);
  });

  test("two Host lines are refused", async () => {
    const { port, own } = await open({}, never);
    const answer = await sendRaw(port, rawPost("/api/servers", [`Host: ${own}`, "Host: evil.example"], ""));
    expect(answer.status).toBe(400);
  });

  test("the public host, an alias and loopback are let in, with their own Origin", async () => {
    const { port, own } = await open();
    for (const host of ["console.example", "alias.example", `alias.example:${String(port)}`, own]) {
      expect((await get(port, "/", { Host: host })).status).toBe(200);
      expect((await get(port, "/", { Host: host, Origin: `http://${host}` })).status).toBe(200);
    }
    expect((await get(port, "/", { Host: own, Origin: "https://console.example" })).status).toBe(200);
  });
});

describe("the content security policy", () => {
  test("N2 each answer has a nonce of its own, and Next gets the same one", async () => {
    const { port, own } = await open();
    const [first, second] = [await get(port, "/", { Host: own }), await get(port, "/", { Host: own })];
    const nonce = echoed(first).headers["x-nonce"] ?? "";
    expect(nonce.length).toBeGreaterThanOrEqual(24);
    expect(first.headers["content-security-policy"]).toContain(`script-src 'self' 'nonce-${nonce}' 'strict-dynamic';`);
    expect(echoed(first).headers["content-security-policy"]).toBe(first.headers["content-security-policy"]);
    expect(echoed(second).headers["x-nonce"]).not.toBe(nonce);
  });

  test("N2 a client cannot choose the nonce or steer Next's routing by headers of ours", async () => {
    const { port, own } = await open();
    const sent = {
      "Content-Security-Policy": "script-src 'nonce-evil'",
      "Content-Security-Policy-Report-Only": "script-src 'nonce-evil'",
      "X-Nonce": "evil",
      "X-Middleware-Subrequest": "evil",
      "x-nextjs-data": "evil",
    };
    const got = await get(port, "/", { Host: own, ...sent, RSC: "1", "Next-Url": "/servers" });
    expect(got.text).not.toContain("evil");
    expect(echoed(got).headers).toMatchObject({ rsc: "1", "next-url": "/servers" });
  });

  test("A7 pages are never framed, sniffed or read across origins", async () => {
    const { port, own } = await open();
    const { headers } = await get(port, "/", { Host: own });
    expect(headers).toMatchObject({
      "x-frame-options": "DENY",
      "x-content-type-options": "nosniff",
      "cross-origin-opener-policy": "same-origin",
      "strict-transport-security": "max-age=31536000",
    });
    expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
  });
});

describe("the gateway's door", () => {
  test("H2 gets every header line as it was sent, and the socket's address", async () => {
    const { port } = await open();
    const lines = ["Host: x", "Authorization: Bearer a", "authorization: Bearer b", "X-Forwarded-For: 1.2.3.4"];
    const answer = await sendRaw(port, rawPost("/mcp/some-server", lines, "{}"));
    const peer = JSON.parse(answer.body) as { rawHeaders: string[]; address: string };
    expect(peer.rawHeaders.filter((text) => /^authorization$/i.test(text))).toHaveLength(2);
    expect(peer.address).toBe("127.0.0.1");
  });

  test.each(["/mcp", "/mcp/", "/mcp/x?a=1"])("%s is the gateway's, whatever the Host", async (path) => {
    const { port } = await open({}, async () => {
      throw new Error("a call reached the pages");
    });
    expect((await get(port, path, { Host: "evil.example" })).status).toBe(200);
  });

  test("OAuth probes get JSON, never a page", async () => {
    const { port, own } = await open();
    for (const path of [
      "openid-configuration",
      "oauth-protected-resource",
      "oauth-protected-resource/mcp",
      "oauth-protected-resource/other/x",
      "oauth-authorization-server/mcp/x",
    ]) {
      const got = await get(port, `/.well-known/${path}`, { Host: own });
      expect([got.status, got.headers["content-type"], codeOf(got)]).toEqual([404, "application/json", "not_found"]);
    }
  });

  test("the two documents that there are go to the pages, with a trailing slash or without, foreign hosts do not", async () => {
    const { port, own } = await open();
    const paths = ["oauth-authorization-server", "oauth-protected-resource/mcp/x", "oauth-protected-resource/mcp/s/x"];
    for (const path of paths.flatMap((one) => [`/.well-known/${one}`, `/.well-known/${one}/`])) {
      expect(echoed(await get(port, path, { Host: own })).url).toBe(path);
      expect((await get(port, path, { Host: "evil.example" })).status).toBe(403);
    }
  });
});

describe("H1 requests that two parsers could read differently are refused by the socket", () => {
  const shapes: [name: string, head: string][] = [
    ["length and chunks", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["two lengths", "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"],
    ["a space before the colon", "Content-Length : 2\r\n\r\n{}"],
    ["a bare line feed", "X: a\nContent-Length: 2\r\n\r\n{}"],
    ["a folded line", "X: a\r\n b\r\nContent-Length: 2\r\n\r\n{}"],
    ["a chunk size that is no number", "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"],
    ["chunks and length", "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n"],
    ["two lengths in one line", "Content-Length: 2, 2\r\n\r\n{}"],
    ["a length with a sign", "Content-Length: +2\r\n\r\n{}"],
    ["a negative length", "Content-Length: -2\r\n\r\n{}"],
    ["a hexadecimal length", "Content-Length: 0x2\r\n\r\n{}"],
    ["an encoding behind chunked", "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"],
    ["an unknown encoding", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"],
    ["a negative chunk size", "Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n"],
    ["a chunk that is longer than its size", "Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n"],
    ["a bare line feed behind a chunk size", "Transfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n"],
    ["a folded Host", "Content-Length: 2\r\n evil.example\r\n\r\n{}"],
    ["a NUL in a header", "X: a\0b\r\nContent-Length: 2\r\n\r\n{}"],
    ["a line without a name", ": x\r\nContent-Length: 2\r\n\r\n{}"],
    ["a line without a colon", "X-no-colon\r\nContent-Length: 2\r\n\r\n{}"],
  ];
  test.each(shapes)("%s", async (_name, head) => {
    const seen: string[] = [];
    const handleMcp = async (request: Request) => {
      seen.push(await request.text());
      return new Response("ok");
    };
    const { port } = await open({ handleMcp });
    const answer = await sendRaw(port, `POST /mcp/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${head}`);
    expect(answer.status).toBe(400);
    expect(seen).toEqual([]);
  });

  test("a target that is a whole URL", async () => {
    const { port } = await open();
    const answer = await sendRaw(port, "GET http://127.0.0.1/mcp/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    expect(answer.status).toBe(400);
  });
});

/** Milliseconds until the server closes a connection on which only `bytes` were sent, and what it said. */
function untilClosed(port: number, bytes: string): Promise<{ ms: number; text: string }> {
  const started = performance.now();
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (part) => (text += part.toString()));
    socket.on("close", () => resolve({ ms: performance.now() - started, text }));
    socket.on("error", () => undefined);
  });
}

describe("H10 the client's address", () => {
  const addressOf = async (port: number, headers: Record<string, string>) =>
    (JSON.parse((await get(port, "/mcp/x", headers)).text) as { address: string }).address;

  test("two spoofed addresses are one client: the socket's", async () => {
    const { port } = await open();
    const seen = ["198.51.100.1", "203.0.113.2"].map((spoof) => addressOf(port, { "X-Forwarded-For": spoof }));
    expect(await Promise.all(seen)).toEqual(["127.0.0.1", "127.0.0.1"]);
  });

  test("behind one proxy, what that one wrote counts, for pages too", async () => {
    const { port, own } = await open({ proxyHops: 1 });
    const headers = { "X-Forwarded-For": "198.51.100.1, 203.0.113.2" };
    expect(await addressOf(port, headers)).toBe("203.0.113.2");
    const page = await get(port, "/", { ...headers, Host: own });
    expect((JSON.parse(page.text) as Echo).headers["x-forwarded-for"]).toBe("203.0.113.2");
  });
});

describe("H6 slow senders", () => {
  test("500 sockets with half a header keep nobody out, and all are closed in time", async () => {
    const { port } = await open({ headersTimeoutMs: 1_500, bodyTimeoutMs: 5_000 });
    let connected = 0;
    let closed = 0;
    const half = "POST /mcp/x HTTP/1.1\r\nHost: x\r\nX-Slow: ";
    for (let i = 0; i < 500; i += 1) {
      const socket = connect(port, "127.0.0.1", () => {
        connected += 1;
        socket.write(half);
      });
      socket.on("error", () => undefined).on("close", () => (closed += 1));
      socket.resume();
    }
    await expect.poll(() => connected, { timeout: 10_000 }).toBe(500);
    expect((await get(port, "/mcp/x")).status).toBe(200);
    await expect.poll(() => closed, { timeout: 15_000 }).toBe(500);
  });

  test("headers that do not end are cut off", async () => {
    const { port } = await open({ headersTimeoutMs: 200, bodyTimeoutMs: 5000 });
    const { ms, text } = await untilClosed(port, "POST /mcp/x HTTP/1.1\r\nHost: x\r\n");
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    expect(ms).toBeLessThan(3000);
  });

  test("a body that does not end is cut off", async () => {
    const handleMcp = async (request: Request) => new Response(await request.text());
    const { port } = await open({ headersTimeoutMs: 100, bodyTimeoutMs: 300, handleMcp });
    const { ms } = await untilClosed(port, "POST /mcp/x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{");
    expect(ms).toBeLessThan(3000);
  });

  test("an answer that takes longer than a body may is not cut off", async () => {
    const handleMcp = async () => {
      const beats = new ReadableStream<Uint8Array>({
        async start(controller) {
          for (let beat = 0; beat < 8; beat += 1) {
            controller.enqueue(Buffer.from("."));
            await new Promise((resolve) => setTimeout(resolve, 100));
          }
          controller.close();
        },
      });
      return new Response(beats, { headers: { "Content-Type": "text/event-stream" } });
    };
    const { port } = await open({ headersTimeoutMs: 100, bodyTimeoutMs: 200, handleMcp });
    expect((await get(port, "/mcp/x")).text).toBe("........");
  });
});

describe("O6 health", () => {
  test("before everything has started only /healthz is well", async () => {
    const { port } = await open({}, null);
    expect((await get(port, "/healthz")).status).toBe(200);
    const ready = await get(port, "/readyz");
    expect([ready.status, ready.text]).toEqual([503, '{"ready":false,"failing":["starting"]}']);
    const call = await get(port, "/mcp/x");
    expect([call.status, call.headers["retry-after"]]).toEqual([503, "2"]);
  });

  test("readiness names what fails, and an exception in the check is not ready", async () => {
    const named = await open({ failing: async () => ["database"] });
    expect((await get(named.port, "/readyz")).text).toBe('{"ready":false,"failing":["database"]}');
    const broken = await open({ failing: () => Promise.reject(new Error("broken")) });
    expect((await get(broken.port, "/readyz")).status).toBe(503);
  });

  test("a page that throws is 500 without its text", async () => {
    const { port, own } = await open({}, () => Promise.reject(new Error("secret detail")));
    const got = await get(port, "/", { Host: own });
    expect([got.status, codeOf(got)]).toEqual([500, "internal"]);
    expect(got.text).not.toContain("secret");
  });
});

test("O4 once stopping, calls under way end well, new ones get 503, and readiness is 503", async () => {
  const calls: ((response: Response) => void)[] = [];
  const { listener, port } = await open({ handleMcp: () => new Promise((answer) => calls.push(answer)) });
  const call = get(port, "/mcp/x");
  await expect.poll(() => calls.length).toBe(1);
  listener.refuse();
  expect((await get(port, "/mcp/x")).status).toBe(503);
  expect((await get(port, "/readyz")).text).toBe('{"ready":false,"failing":["stopping"]}');
  expect(listener.open.size).toBe(1);
  calls[0]?.(new Response("done"));
  expect((await call).text).toBe("done");
  await expect.poll(() => listener.open.size).toBe(0);
});
