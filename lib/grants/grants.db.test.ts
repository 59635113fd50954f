import { afterAll, beforeAll, expect, test } from "vitest";
import { prisma } from "@/lib/db/db.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { createMember, createOrg, createPolicyRow, createServerRow } from "@/lib/testing/factories";
import { openTestHouse, type TestHouse } from "@/lib/testing/house";
import {
  attachPolicy,
  findGrantByToken,
  flushTouchedGrants,
  getGrant,
  listGrants,
  mintGrant,
  openGrantToken,
  revokeGrant,
  touchGrant,
} from "./grants.server";

let house: TestHouse;
let admin: Ctx;
let manager: Ctx;
let other: Ctx;
let serverId: string;
let policyId: string;

const yaml = `version: "1"\ntools:\n  create_charge: { rules: [] }\n`;

beforeAll(async () => {
  house = await openTestHouse();
  const orgId = await createOrg();
  admin = await createMember(orgId, "admin");
  manager = await createMember(orgId, "policy_manager");
  other = await createMember(await createOrg(), "admin");
  serverId = await createServerRow(orgId);
  policyId = await createPolicyRow(orgId, yaml);
});
afterAll(() => house.close());

const input = (more = {}) => ({ label: "bot", serverId, policyId: null, tags: ["a"], expiresInDays: null, ...more });

test("A1 a minted token is found by its hash, and the database holds neither it nor any part of its secret", async () => {
  const { grant, token } = await mintGrant(admin, input({ policyId }));
  expect(await findGrantByToken(token)).toEqual({
    id: grant.id,
    orgId: admin.orgId,
    serverId,
    bundleId: null,
    policyId,
    label: "bot",
    tags: ["a"],
    version: 1,
    state: "active",
    accessTokenId: null,
  });
  const row = await prisma().grant.findUniqueOrThrow({ where: { id: grant.id } });
  const audit = await prisma().adminAudit.findMany({ where: { object: `grant:${grant.id}` } });
  expect(JSON.stringify(row) + audit.map((item) => item.record).join()).not.toContain(token.slice(4, 20));
  expect(grant.tokenHint).toBe(token.slice(-4));
  expect(await openGrantToken(admin, grant.id)).toBe(token);
});

test("A1 a well-formed but unknown token is nobody's, and stays unknown only until it is minted", async () => {
  const { token } = await mintGrant(admin, input());
  const swapped = token.slice(0, -1) + (token.endsWith("A") ? "B" : "A");
  expect(await findGrantByToken(swapped)).toBeNull();
  expect(await findGrantByToken("")).toBeNull();
});

test("A3 a revoked grant is known as revoked at the next look-up, also while it is cached", async () => {
  const { grant, token } = await mintGrant(admin, input());
  expect((await findGrantByToken(token))?.state).toBe("active");
  expect((await revokeGrant(admin, grant.id)).state).toBe("revoked");
  expect(await findGrantByToken(token)).toMatchObject({ state: "revoked", version: 2 });
  expect((await revokeGrant(admin, grant.id)).state).toBe("revoked");
  const rows = await prisma().adminAudit.findMany({ where: { object: `grant:${grant.id}`, action: "grant.revoke" } });
  expect(rows).toHaveLength(1);
});

test("A3 a change made elsewhere reaches the cache within one second without any word of it", async () => {
  const { grant, token } = await mintGrant(admin, input());
  await findGrantByToken(token);
  await prisma().grant.update({ where: { id: grant.id }, data: { revokedAt: new Date(), version: 2 } });
  await expect
    .poll(async () => (await findGrantByToken(token))?.state, { timeout: 1500, interval: 50 })
    .toBe("revoked");
});

test("A3 expiry and not-before are judged by the database clock", async () => {
  const { grant, token } = await mintGrant(admin, input({ expiresInDays: 1 }));
  expect(grant.expiresAt).toBe(new Date(admin.now.getTime() + 86_400_000).toISOString());
  const { token: late, grant: lateGrant } = await mintGrant(admin, input());
  await prisma().$executeRaw`UPDATE "grant" SET expires_at = now() - interval '1 second' WHERE id = ${grant.id}::uuid`;
  await prisma()
    .$executeRaw`UPDATE "grant" SET not_before = now() + interval '1 hour' WHERE id = ${lateGrant.id}::uuid`;
  expect((await findGrantByToken(token))?.state).toBe("expired");
  expect((await findGrantByToken(late))?.state).toBe("not_yet");
});

test("a policy manager attaches and detaches; the next look-up has it under a new version", async () => {
  const { grant, token } = await mintGrant(admin, input());
  await findGrantByToken(token);
  expect((await attachPolicy(manager, grant.id, { policyId })).policy?.id).toBe(policyId);
  expect(await findGrantByToken(token)).toMatchObject({ policyId, version: 2 });
  expect((await attachPolicy(manager, grant.id, { policyId: null })).policy).toBeNull();
  expect(await findGrantByToken(token)).toMatchObject({ policyId: null, version: 3 });
  await revokeGrant(admin, grant.id);
  await expect(attachPolicy(manager, grant.id, { policyId })).rejects.toMatchObject({ code: "conflict" });
});

test("A5 roles and organisations: minting is for admins, and foreign grants, servers and policies do not exist", async () => {
  const { grant } = await mintGrant(admin, input());
  await expect(mintGrant(manager, input())).rejects.toMatchObject({ code: "forbidden" });
  await expect(revokeGrant(manager, grant.id)).rejects.toMatchObject({ code: "forbidden" });
  for (const act of [getGrant, revokeGrant, openGrantToken]) {
    await expect(act(other, grant.id)).rejects.toMatchObject({ code: "not_found" });
  }
  await expect(attachPolicy(other, grant.id, { policyId: null })).rejects.toMatchObject({ code: "not_found" });
  await expect(mintGrant(other, input())).rejects.toMatchObject({
    code: "invalid_input",
    issues: [{ path: "serverId" }],
  });
  const foreign = await createPolicyRow(other.orgId, yaml);
  const refused = { code: "invalid_input", issues: [{ path: "policyId" }] };
  await expect(mintGrant(admin, input({ policyId: foreign }))).rejects.toMatchObject(refused);
  await expect(attachPolicy(manager, grant.id, { policyId: foreign })).rejects.toMatchObject(refused);
  expect(await listGrants(other)).toEqual([]);
});

test("uses are noted in one batch", async () => {
  const one = await mintGrant(admin, input());
  const two = await mintGrant(admin, input());
  for (const grant of [one, two, one]) touchGrant(grant.grant.id);
  await flushTouchedGrants();
  expect((await getGrant(admin, one.grant.id)).lastUsedAt).not.toBeNull();
  expect((await getGrant(admin, two.grant.id)).lastUsedAt).not.toBeNull();
});

test("N4 no list or detail of grants carries a token, its hash or its sealed copy", async () => {
  const { token } = await mintGrant(admin, input());
  const text = JSON.stringify(await listGrants(admin));
  expect(text).not.toContain(token.slice(4, 20));
  expect(text).not.toMatch(/tokenHash|sealed/i);
});
