import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { GET as getServer } from "@/app/.well-known/oauth-authorization-server/route";
import { GET as getResource } from "@/app/.well-known/oauth-protected-resource/mcp/[...path]/route";
import { POST as register } from "@/app/oauth/register/route";
import { POST as revoke } from "@/app/oauth/revoke/route";
import { POST as exchange } from "@/app/oauth/token/route";
import { prisma } from "@/lib/db/db.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { createGrantRow, createMember, createOrg, createServerRow } from "@/lib/testing/factories";
import { openTestHouse, testOrigin, type TestHouse } from "@/lib/testing/house";
import { findGrantByToken } from "./grants.server";
import { readConsent } from "./oauth.server";
import { accessPrefix, hashOf } from "./token.server";
import { makeSecretToken } from "@/lib/auth/secret-token.server";

let house: TestHouse;
let admin: Ctx;

beforeAll(async () => {
  // Settings are read once, on first use.
  vi.stubEnv("MCP_OAUTH", "off");
  house = await openTestHouse();
  admin = await createMember(await createOrg(), "admin");
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await house.close();
});

test("with MCP_OAUTH=off documents and endpoints answer 404 in plain JSON, and the page says so", async () => {
  const id = "0a1b2c3d-0000-4000-8000-000000000001";
  const form = new URLSearchParams({ grant_type: "refresh_token", token: "x", client_id: "x" });
  const post = { method: "POST", body: form };
  const json = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
  const answers = [
    await getServer(new Request(`${testOrigin}/.well-known/oauth-authorization-server`)),
    await getResource(new Request(`${testOrigin}/.well-known/oauth-protected-resource/mcp/${id}`)),
    await exchange(new Request(`${testOrigin}/oauth/token`, post)),
    await revoke(new Request(`${testOrigin}/oauth/revoke`, post)),
    await register(new Request(`${testOrigin}/oauth/register`, json)),
  ];
  for (const answer of answers) {
    expect([answer.status, answer.headers.get("content-type")]).toEqual([404, "application/json"]);
  }
  expect(await readConsent(admin, "client_id=x")).toMatchObject({ kind: "refused", problem: "off" });
});

test("tokens that were given out while it was on open nothing", async () => {
  const serverId = await createServerRow(admin.orgId);
  const { grant, token } = await createGrantRow(admin.orgId, { serverId });
  const access = makeSecretToken(accessPrefix);
  const later = new Date(Date.now() + 3_600_000);
  const [id, userId] = [crypto.randomUUID(), crypto.randomUUID()];
  const hashes = { accessHash: hashOf(access), refreshHash: "x", accessExpiresAt: later, refreshExpiresAt: later };
  const who = { id, orgId: admin.orgId, grantId: grant.id, clientId: "x", userId, familyId: id, resource: "x" };
  await prisma().oauthToken.create({ data: { ...who, ...hashes } });
  expect(await findGrantByToken(access)).toBeNull();
  expect(await findGrantByToken(token)).toMatchObject({ id: grant.id });
});
