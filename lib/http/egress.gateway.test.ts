import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createServer as createSocketServer, type AddressInfo } from "node:net";
import { setImmediate } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { env, setRuntime } from "@/lib/env/env.server";
import { readCertificate, type CertificateName } from "@/lib/testing/certificates/read";
import { createEgress, type Egress, type Lookup } from "./egress.server";

const servers: { close: () => unknown }[] = [];
const exits: Egress[] = [];

afterEach(async () => {
  await Promise.all(exits.splice(0).map((exit) => exit.close()));
  for (const server of servers.splice(0)) server.close();
});

interface Seen {
  port: number;
  seen: IncomingMessage[];
  connections: number;
}

async function serve(answer: RequestListener): Promise<Seen> {
  const found: Seen = { port: 0, seen: [], connections: 0 };
  const server = createServer((request, response) => {
    found.seen.push(request);
    answer(request, response);
  });
  server.on("connection", () => (found.connections += 1));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push({ close: () => server.close().closeAllConnections() });
  found.port = (server.address() as AddressInfo).port;
  return found;
}

function exit(lookup: Lookup = () => Promise.resolve([{ address: "127.0.0.1", family: 4 }])): Egress {
  const made = createEgress(lookup);
  exits.push(made);
  return made;
}

const to = (url: string, more = {}) =>
  ({
    url,
    method: "POST",
    headers: {},
    allowPrivateNetwork: true,
    headersTimeoutMs: 2000,
    bodyTimeoutMs: 2000,
    ...more,
  }) as const;

const ok: RequestListener = (_, response) => {
  response.end("ok");
};

test("U2 the second answer of a rebinding resolver is judged too: the address checked is the address connected to", async () => {
  const target = await serve(ok);
  const answers = ["93.184.216.34", "127.0.0.1"];
  const egress = exit(() => Promise.resolve([{ address: answers.shift() ?? "127.0.0.1", family: 4 }]));
  const url = `https://rebind.example:${String(target.port)}/`;
  await egress.check(url, { allowPrivateNetwork: false });
  const sent = egress.request({ ...to(url), allowPrivateNetwork: false });
  await expect(sent).rejects.toMatchObject({ code: "address_blocked" });
  expect(target.connections).toBe(0);
});

test("U2 one private address among several answers refuses the whole name", async () => {
  const target = await serve(ok);
  const answers = [
    { address: "93.184.216.34", family: 4 },
    { address: "127.0.0.1", family: 4 },
  ];
  const egress = exit(() => Promise.resolve(answers));
  const url = `https://mixed.example:${String(target.port)}/`;
  await expect(egress.request({ ...to(url), allowPrivateNetwork: false })).rejects.toMatchObject({
    code: "address_blocked",
  });
  expect(target.connections).toBe(0);
});

test("U1 a connection opened with the switch on is not reused by a server that has it off", async () => {
  const target = await serve(ok);
  const egress = exit();
  const url = `http://127.0.0.1:${String(target.port)}/`;
  await (await egress.request(to(url))).body.dump();
  await expect(egress.request({ ...to(url), allowPrivateNetwork: false })).rejects.toMatchObject({
    code: "address_blocked",
  });
  expect(target.seen).toHaveLength(1);
});

test.each([301, 302, 303, 307, 308])(
  "U3 a %i is handed back, never followed, and no credential goes anywhere",
  async (status) => {
    const other = await serve(ok);
    const target = await serve((_, response) => {
      response.writeHead(status, { location: `http://127.0.0.1:${String(other.port)}/` }).end();
    });
    const answer = await exit().request({
      ...to(`http://api.example:${String(target.port)}/`),
      headers: { "x-api-key": "canary" },
      body: "{}",
    });
    await answer.body.dump();
    expect(answer.statusCode).toBe(status);
    expect(other.connections).toBe(0);
  },
);

test("U1 our own ports stay closed with the switch on, by literal and by name", async () => {
  const target = await serve(ok);
  const egress = exit();
  egress.blockPort(target.port);
  for (const host of ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"]) {
    const url = `http://${host}:${String(target.port)}/`;
    await expect(egress.request(to(url))).rejects.toMatchObject({ code: "address_blocked" });
    await expect(egress.check(url, { allowPrivateNetwork: true })).rejects.toMatchObject({ code: "address_blocked" });
  }
  const listener = await serve(ok);
  const { publicUrl, port } = env();
  setRuntime({ port: listener.port, publicUrl });
  const own = `http://127.0.0.1:${String(listener.port)}/`;
  await expect(egress.request(to(own))).rejects.toMatchObject({ code: "address_blocked" });
  setRuntime({ port, publicUrl });
  expect(target.connections + listener.connections).toBe(0);
});

test("a server that cannot be reached is told apart from one that failed later", async () => {
  const closed = await serve(ok);
  servers.splice(0).forEach((server) => server.close());
  const refused = exit().request(to(`http://gone.example:${String(closed.port)}/`));
  await expect(refused).rejects.toMatchObject({ code: "upstream_unreachable" });
  const unknown = exit(() => Promise.reject(new Error("ENOTFOUND"))).request(to("http://nobody.example/"));
  await expect(unknown).rejects.toMatchObject({ code: "upstream_unreachable" });
  const resets = await serve((request) => {
    request.socket.destroy();
  });
  const reset = exit().request(to(`http://127.0.0.1:${String(resets.port)}/`));
  await expect(reset).rejects.toMatchObject({ code: "UND_ERR_SOCKET" });
});

test("a peer that accepts and never speaks TLS ends at the connect time-out, before anything was sent", async () => {
  const mute = createSocketServer();
  await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
  servers.push(mute);
  const { port } = mute.address() as AddressInfo;
  mute.on("connection", (socket) => servers.push({ close: () => socket.destroy() }));
  const sent = exit().request(to(`https://127.0.0.1:${String(port)}/`, { connectTimeoutMs: 100 }));
  await expect(sent).rejects.toMatchObject({ code: "upstream_unreachable" });
});

test("requests of one origin reuse connections, and 64 at once run at once", async () => {
  let waiting: { end: (text: string) => void }[] = [];
  const target = await serve((_, response) => {
    waiting.push(response);
    if (waiting.length < 64) return;
    for (const held of waiting) held.end("ok");
    waiting = [];
  });
  const egress = exit();
  const round = async () => {
    const url = `http://127.0.0.1:${String(target.port)}/`;
    const answers = await Promise.all(Array.from({ length: 64 }, () => egress.request(to(url))));
    await Promise.all(answers.map((answer) => answer.body.dump()));
  };
  await round();
  expect(target.connections).toBe(64);
  // undici frees a connection in the turn after its body ended.
  await setImmediate();
  await round();
  expect(target.connections).toBe(64);
});

test("proxy variables of the environment are not read", async () => {
  const proxy = await serve(ok);
  const target = await serve(ok);
  const before = { ...process.env };
  Object.assign(process.env, {
    HTTP_PROXY: `http://127.0.0.1:${String(proxy.port)}`,
    http_proxy: "http://127.0.0.1:1",
  });
  await (await exit().request(to(`http://127.0.0.1:${String(target.port)}/`))).body.dump();
  process.env = before;
  expect([proxy.connections, target.connections]).toEqual([0, 1]);
});

/** An https server on loopback, known as mcp.example to the resolver of `exit`. */
async function serveTls(name: CertificateName, more: { maxVersion?: "TLSv1.1"; minVersion?: "TLSv1" } = {}) {
  const found = { url: "", requests: 0 };
  const identity = { cert: readCertificate(name), key: readCertificate("key") };
  // Old versions need the weaker algorithms of their time.
  const old = more.maxVersion ? { ciphers: "DEFAULT@SECLEVEL=0" } : {};
  const server = createTlsServer({ ...identity, ...more, ...old }, (_, response) => {
    found.requests += 1;
    response.end("ok");
  });
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push({ close: () => server.close().closeAllConnections() });
  found.url = `https://mcp.example:${String((server.address() as AddressInfo).port)}/`;
  return found;
}

test("U10 a certificate of the server's own authority is accepted, by name and by address", async () => {
  const { url } = await serveTls("good");
  const caPem = readCertificate("authority");
  for (const target of [url, url.replace("mcp.example", "127.0.0.1")]) {
    const answer = await exit().request(to(target, { caPem }));
    expect([answer.statusCode, await answer.body.text()]).toEqual([200, "ok"]);
  }
});

const refusedCertificates: [what: string, name: CertificateName, caPem: string | null][] = [
  ["one that ended", "expired", readCertificate("authority")],
  ["one for another host", "other-host", readCertificate("authority")],
  ["a self-signed one", "self-signed", null],
  ["a self-signed one where an authority is set", "self-signed", readCertificate("authority")],
  ["one of an authority that nobody knows", "good", null],
];

test.each(refusedCertificates)("U10 refused before a byte is sent: %s", async (_, name, caPem) => {
  const target = await serveTls(name);
  const before = process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
  process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
  await expect(exit().request(to(target.url, { caPem }))).rejects.toMatchObject({ code: "upstream_unreachable" });
  if (before === undefined) delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
  else process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = before;
  expect(target.requests).toBe(0);
});

test("U10 TLS 1.1 is refused", async () => {
  const target = await serveTls("good", { minVersion: "TLSv1", maxVersion: "TLSv1.1" });
  const sent = exit().request(to(target.url, { caPem: readCertificate("authority") }));
  await expect(sent).rejects.toMatchObject({ code: "upstream_unreachable" });
  expect(target.requests).toBe(0);
});

test("U10 once an authority is taken away, no open connection of it is used again", async () => {
  const target = await serveTls("good");
  const egress = exit();
  await (await egress.request(to(target.url, { caPem: readCertificate("authority"), partition: "a" }))).body.dump();
  const later = egress.request(to(target.url, { partition: "a" }));
  await expect(later).rejects.toMatchObject({ code: "upstream_unreachable" });
  expect(target.requests).toBe(1);
});

test("U8 servers of one origin share no connection: 300 hanging requests of one leave the other its own", async () => {
  let held = 0;
  const target = await serve((request, response) => {
    if (request.headers["x-of"] === "b") response.end("ok");
    else held += 1;
  });
  const egress = exit();
  const url = `http://127.0.0.1:${String(target.port)}/`;
  const of = (name: string) => ({
    ...to(url, { partition: name, headers: { "x-of": name }, headersTimeoutMs: 60_000 }),
  });
  const hanging = Array.from({ length: 300 }, () => egress.request(of("a")));
  const settled = Promise.allSettled(hanging);
  await expect.poll(() => held, { timeout: 10_000 }).toBe(256);
  const answer = await egress.request(of("b"));
  expect(await answer.body.text()).toBe("ok");
  expect(held).toBe(256);
  await egress.close();
  await settled;
});

test("U1 a URL that was let through with the private switch on is refused again without it", async () => {
  const target = await serve(ok);
  const way = exit();
  const url = `http://127.0.0.1:${String(target.port)}/mcp`;
  for (const allowPrivateNetwork of [true, false, true, false]) {
    const answer = way.request(to(url, { allowPrivateNetwork }));
    if (allowPrivateNetwork) await (await answer).body.dump();
    else await expect(answer).rejects.toMatchObject({ code: "address_blocked" });
  }
  expect(target.seen.map(({ url: path }) => path)).toEqual(["/mcp", "/mcp"]);
});
