import { afterAll, beforeAll, expect, test } from "vitest";
import { prisma } from "@/lib/db/db.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { readCertificate } from "@/lib/testing/certificates/read";
import { createMember, createOrg, createServerRow } from "@/lib/testing/factories";
import { openTestHouse, type TestHouse } from "@/lib/testing/house";
import { ServerPatch } from "./schema";
import { findUpstream, getServer, updateServer } from "./servers.server";

let house: TestHouse;
let admin: Ctx;
let id: string;

beforeAll(async () => {
  house = await openTestHouse();
  admin = await createMember(await createOrg(), "admin");
  id = await createServerRow(admin.orgId, { url: "http://127.0.0.1:9/mcp" });
});
afterAll(() => house.close());

const change = (patch: unknown) => updateServer(admin, id, ServerPatch.parse(patch));

test("a new server has the gateway's defaults: nothing passed on, public authorities, changed tools in quarantine, the guard on", async () => {
  expect((await getServer(admin, id)).settings).toEqual({
    timeouts: { connectMs: null, firstByteMs: null, idleMs: null, totalMs: null },
    forwardHeaders: [],
    authorities: [],
    drift: "enforce",
    elicitationGuard: true,
    elicitationHosts: [],
  });
});

test("settings reach the gateway with the next call; what a change does not name stays, null goes back to the default", async () => {
  const caPem = readCertificate("authority");
  await change({ timeouts: { connectMs: 1_000, totalMs: 90_000 }, forwardHeaders: ["X-Tenant", "x-tenant"], caPem });
  await change({ timeouts: { totalMs: null }, drift: "warn", elicitationHosts: ["Login.Example.COM"] });
  const upstream = await findUpstream(id);
  expect(upstream).toMatchObject({
    timeouts: { connectMs: 1_000, firstByteMs: null, idleMs: null, totalMs: null },
    forwardHeaders: ["x-tenant"],
    caPem: caPem.trim(),
    drift: "warn",
    elicitationGuard: true,
    elicitationHosts: ["login.example.com"],
  });
  const { settings } = await getServer(admin, id);
  expect(settings.authorities).toEqual([
    { name: "PolicyLayer test authority", validTo: expect.stringMatching(/^21\d\d-/) as string },
  ]);
  await change({ caPem: null, forwardHeaders: [] });
  expect(await findUpstream(id)).toMatchObject({ caPem: null, forwardHeaders: [] });
});

test("each change is in the audit log, before and after, authorities by name", async () => {
  await change({ caPem: readCertificate("authority"), elicitationGuard: false });
  const entry = await prisma().adminAudit.findFirstOrThrow({ where: { orgId: admin.orgId }, orderBy: { seq: "desc" } });
  expect(entry.record).toContain('"action":"server.update"');
  expect(entry.record).toContain('"elicitationGuard":false');
  expect(entry.record).toContain('"authorities":["PolicyLayer test authority"]');
  expect(entry.record).not.toContain("BEGIN CERTIFICATE");
});

const refused: [what: string, patch: object, path: string][] = [
  ["a time-out of nothing", { timeouts: { firstByteMs: 0 } }, "timeouts.firstByteMs"],
  ["a time-out that the ledger would not wait for", { timeouts: { totalMs: 600_001 } }, "timeouts.totalMs"],
  ["a time-out that is no whole number", { timeouts: { connectMs: 0.5 } }, "timeouts.connectMs"],
  ["an unknown time-out", { timeouts: { dnsMs: 1_000 } }, "timeouts"],
  ["a private key", { caPem: readCertificate("authority") + readCertificate("key") }, "caPem"],
  ["no PEM", { caPem: "hello" }, "caPem"],
  ["no host name", { elicitationHosts: ["https://a.example/"] }, "elicitationHosts.0"],
  ["an unknown mode", { drift: "ignore" }, "drift"],
  ["verification switched off", { skipVerification: true }, ""],
];

test.each(refused)("refused: %s", (_, patch, path) => {
  const parsed = ServerPatch.safeParse(patch);
  expect(parsed.error?.issues[0]?.path.join(".")).toBe(path);
});

const never = [
  ..."Authorization Cookie Host Connection Keep-Alive TE Trailer Transfer-Encoding Upgrade Content-Length".split(" "),
  ..."Proxy-Authorization Proxy-Connection Forwarded X-Forwarded-For X-Forwarded-Host X-Real-IP Via Origin".split(" "),
  ..."Mcp-Session-Id Mcp-Name Mcp-Anything x-middleware-subrequest x-nextjs-data Accept-Encoding Content-Type".split(
    " ",
  ),
];

test.each(never)("H9 %s can never be passed on", (name) => {
  expect(ServerPatch.safeParse({ forwardHeaders: [name] }).success).toBe(false);
});

test("a certificate that cannot be read, or is none of an authority, is refused by the server", async () => {
  const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
  for (const caPem of [broken, readCertificate("good"), `${readCertificate("authority")}${broken}`]) {
    await expect(change({ caPem })).rejects.toMatchObject({ code: "invalid_input", issues: [{ path: "caPem" }] });
  }
  await change({ caPem: readCertificate("self-signed") });
  expect((await getServer(admin, id)).settings.authorities).toMatchObject([{ name: "localhost" }]);
});
