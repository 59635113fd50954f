import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { prisma } from "@/lib/db/db.server";
import { roles, type Ctx, type Role } from "@/lib/kernel/ctx";
import { openEventStream } from "@/lib/notify/notify.server";
import { makeToken as makeGrantToken } from "@/lib/grants/token.server";
import { createMember, createOrg, createSystemCtx } from "@/lib/testing/factories";
import { openTestHouse, type TestHouse } from "@/lib/testing/house";
import { apiRequest, createCookie } from "@/lib/testing/session";
import { changeRole, findCtxOf, listApiTokens, mintApiToken, removeMember, revokeApiToken } from "./auth.server";
import { hashOf, makeSecretToken } from "./secret-token.server";

type Person = Ctx & { actor: { kind: "user" } };
let house: TestHouse;
let admin: Person;
let manager: Person;
let viewer: Person;
let other: Person;

beforeAll(async () => {
  house = await openTestHouse();
  const orgId = await createOrg();
  admin = await createMember(orgId, "admin");
  manager = await createMember(orgId, "policy_manager");
  viewer = await createMember(orgId, "viewer");
  other = await createMember(await createOrg(), "admin");
});
afterAll(() => house.close());

const input = (role: Role = "viewer") => ({ name: "pipeline", role, expiresInDays: 30 });

/** The caller behind a header, or the code of the refusal. Each call comes from an address of its own unless one is given. */
async function callerOf(authorization: string, address = randomUUID(), cookie: string | null = null) {
  const headers = { authorization, "x-forwarded-for": address };
  return findCtxOf(apiRequest("GET", "/api/x", { cookie, headers }), "request").catch(
    (error: { code: string }) => error.code,
  );
}
const use = (token: string) => callerOf(`Bearer ${token}`);
const actorOf = (caller: Ctx | string | null) => (typeof caller === "object" ? caller?.actor : caller);

test("A1 a minted token acts as its owner, and the database holds neither it nor any part of its secret", async () => {
  const { apiToken, token } = await mintApiToken(manager, input("policy_manager"));
  expect(token).toMatch(/^plt_[0-9A-Za-z]{49}$/);
  expect(apiToken).toMatchObject({
    state: "active",
    tokenHint: token.slice(-4),
    isOwn: true,
    actsAs: "policy_manager",
  });
  expect(apiToken.expiresAt).toBe(new Date(manager.now.getTime() + 30 * 86_400_000).toISOString());
  const caller = await use(token);
  const mark = { apiToken: { id: apiToken.id, name: "pipeline" }, sessionId: null, role: "policy_manager" };
  expect(caller).toMatchObject({ orgId: manager.orgId, actor: { userId: manager.actor.userId, ...mark } });
  const row = await prisma().apiToken.findUniqueOrThrow({ where: { id: apiToken.id } });
  expect(row.tokenHash).toBe(hashOf(token));
  const audit = await prisma().adminAudit.findMany({ where: { object: `api_token:${apiToken.id}` } });
  expect(audit).toHaveLength(1);
  const kept = JSON.stringify([row, audit.map((item) => item.record), await listApiTokens(manager)]);
  expect(kept).not.toContain(token.slice(4, 20));
});

test("what a token did is recorded under its owner, with the token's id and name", async () => {
  const { apiToken, token } = await mintApiToken(admin, input("admin"));
  const caller = await use(token);
  if (caller === null || typeof caller === "string") throw new Error("the token is good");
  const member = await createMember(admin.orgId, "viewer");
  await changeRole(caller, member.actor.userId, "policy_manager");
  const row = await prisma().adminAudit.findFirstOrThrow({ where: { object: `member:${member.actor.userId}` } });
  expect(row.actorId).toBe(admin.actor.userId);
  const { actor } = JSON.parse(row.record) as { actor: Record<string, unknown> };
  expect(actor).toMatchObject({
    name: admin.actor.name,
    sessionId: null,
    apiToken: { id: apiToken.id, name: "pipeline" },
  });
});

test("A5 a role above one's own is refused, every other one is what the token then has", async () => {
  for (const [own, person] of [viewer, manager, admin].entries()) {
    for (const [wanted, role] of roles.entries()) {
      if (wanted > own) await expect(mintApiToken(person, input(role))).rejects.toMatchObject({ code: "forbidden" });
      else expect(actorOf(await use((await mintApiToken(person, input(role))).token))).toMatchObject({ role });
    }
  }
});

test("A5 no token mints or revokes tokens, opens no event stream, and the product itself has none", async () => {
  const { apiToken, token } = await mintApiToken(admin, input("admin"));
  const caller = await use(token);
  if (caller === null || typeof caller === "string") throw new Error("the token is good");
  await expect(mintApiToken(caller, input())).rejects.toMatchObject({ code: "forbidden" });
  await expect(revokeApiToken(caller, apiToken.id)).rejects.toMatchObject({ code: "forbidden" });
  expect(() => openEventStream(caller, ["members"])).toThrow("forbidden");
  expect(await listApiTokens(caller)).toContainEqual(expect.objectContaining({ id: apiToken.id, state: "active" }));
  await expect(mintApiToken(await createSystemCtx(admin.orgId), input())).rejects.toMatchObject({ code: "forbidden" });
});

test("A5 people see and revoke their own tokens, admins those of their organisation, nobody another's", async () => {
  const { apiToken } = await mintApiToken(manager, input());
  const sees = async (ctx: Ctx) => (await listApiTokens(ctx)).some((token) => token.id === apiToken.id);
  expect([await sees(viewer), await sees(manager), await sees(admin), await sees(other)]).toEqual([
    false,
    true,
    true,
    false,
  ]);
  for (const ctx of [viewer, other]) {
    await expect(revokeApiToken(ctx, apiToken.id)).rejects.toMatchObject({ code: "not_found" });
  }
  await expect(revokeApiToken(admin, "no id")).rejects.toMatchObject({ code: "not_found" });
  // An admin's token of a lesser role is no admin.
  const caller = await use((await mintApiToken(admin, input("policy_manager"))).token);
  if (caller === null || typeof caller === "string") throw new Error("the token is good");
  expect(await sees(caller)).toBe(false);
  expect(await revokeApiToken(admin, apiToken.id)).toMatchObject({ state: "revoked", isOwn: false });
});

test("A3 a revoked token is refused at the next use, and revoking again leaves no second trace", async () => {
  const { apiToken, token } = await mintApiToken(viewer, input());
  expect(actorOf(await use(token))).toMatchObject({ role: "viewer" });
  expect((await revokeApiToken(viewer, apiToken.id)).state).toBe("revoked");
  expect(await use(token)).toBe("api_token");
  expect((await revokeApiToken(viewer, apiToken.id)).state).toBe("revoked");
  const where = { object: `api_token:${apiToken.id}`, action: "api_token.revoke" };
  expect(await prisma().adminAudit.count({ where })).toBe(1);
});

test("A3 an expired token is refused by the database clock", async () => {
  const { apiToken, token } = await mintApiToken(viewer, input());
  await prisma()
    .$executeRaw`UPDATE api_token SET expires_at = now() - interval '1 hour' WHERE id = ${apiToken.id}::uuid`;
  expect(await use(token)).toBe("api_token");
  expect(await listApiTokens(viewer)).toContainEqual(expect.objectContaining({ id: apiToken.id, state: "expired" }));
});

test("A6 a demotion counts at the token's next use, a promotion gives it nothing, a removal ends it for good", async () => {
  const member = await createMember(admin.orgId, "admin");
  const { userId } = member.actor;
  const [high, low] = [await mintApiToken(member, input("admin")), await mintApiToken(member, input("viewer"))];
  expect(actorOf(await use(high.token))).toMatchObject({ role: "admin" });
  await changeRole(admin, userId, "viewer");
  const demoted = await use(high.token);
  expect(actorOf(demoted)).toMatchObject({ role: "viewer" });
  expect(demoted).toMatchObject({ permissions: new Set(["read"]) });
  expect((await listApiTokens(admin)).find((token) => token.id === high.apiToken.id)).toMatchObject({
    role: "admin",
    actsAs: "viewer",
  });
  await changeRole(admin, userId, "policy_manager");
  expect([actorOf(await use(high.token)), actorOf(await use(low.token))]).toMatchObject([
    { role: "policy_manager" },
    { role: "viewer" },
  ]);
  await removeMember(admin, userId);
  expect(await use(high.token)).toBe("api_token");
  await prisma().member.create({ data: { orgId: admin.orgId, userId, role: "admin" } });
  expect(await use(high.token)).toBe("api_token");
});

test("A6 a membership that ended without a word ends the token too", async () => {
  const member = await createMember(admin.orgId, "viewer");
  const { token } = await mintApiToken(member, input());
  await prisma().member.deleteMany({ where: { userId: member.actor.userId } });
  expect(await use(token)).toBe("api_token");
});

test("A2 a token anywhere but in the Authorization header is nobody's", async () => {
  const { token } = await mintApiToken(admin, input("admin"));
  const places: { path?: string; headers?: Record<string, string> }[] = [
    { path: `/api/policies?token=${token}` },
    { path: `/api/policies?access_token=${token}&authorization=Bearer%20${token}` },
    { headers: { cookie: `policylayer.session=${token}` } },
    { headers: { "x-api-key": token, "proxy-authorization": `Bearer ${token}` } },
  ];
  for (const { path = "/api/policies", headers = {} } of places) {
    expect(await findCtxOf(apiRequest("GET", path, { headers }), "request")).toBeNull();
  }
});

test("A7 beside a cookie only the Bearer header counts; a header of another scheme leaves the session alone", async () => {
  const cookie = await createCookie(admin);
  const { token } = await mintApiToken(viewer, input());
  const address = randomUUID();
  expect(actorOf(await callerOf(`Bearer ${token}`, address, cookie))).toMatchObject({ userId: viewer.actor.userId });
  for (const bad of ["Bearer", "Bearer x", `Bearer ${token} ${token}`, `Bearer ${token}, Bearer ${token}`]) {
    expect(await callerOf(bad, address, cookie)).toBe("api_token");
  }
  expect(actorOf(await callerOf("Basic eDp5", address, cookie))).toMatchObject({ userId: admin.actor.userId });
});

test("A9 no Bearer header, however broken, raises another error or lets anybody in", async () => {
  const { token } = await mintApiToken(admin, input("admin"));
  const address = randomUUID();
  const broken = [
    "Bearer",
    "Bearer ",
    "Bearer %ZZ",
    `Bearer ${"x".repeat(10_240)}`,
    `Bearer ${token.slice(0, -1)}`,
    `Bearer ${token}0`,
    `Bearer  ${token}`,
    `Bearer "${token}"`,
    `Bearer ${token.replace("plt_", "PLT_")}`,
    `Bearer ${makeGrantToken()}`,
    "Bearer plt_",
    "bearer\tx",
  ];
  for (const header of broken) expect(await callerOf(header, address)).toBe("api_token");
  for (let index = 0; index < 1000; index += 1) {
    const at = (index * 7919) % token.length;
    const cut = token.slice(0, at) + String.fromCharCode(33 + (index % 90)) + token.slice(at + 1);
    if (cut !== token) expect(await callerOf(`Bearer ${cut}`, address)).toBe("api_token");
  }
  expect(actorOf(await callerOf(`bEARER ${token}`, address))).toMatchObject({ role: "admin" });
});

test("A1 the sixth good-looking guess of an address within a minute is told to wait; good tokens are not", async () => {
  const { token } = await mintApiToken(viewer, input());
  const { apiToken, token: revoked } = await mintApiToken(viewer, input());
  await revokeApiToken(viewer, apiToken.id);
  const address = randomUUID();
  const guesses = [revoked, ...Array.from({ length: 5 }, () => makeSecretToken("plt_"))];
  const ends: unknown[] = [];
  for (const guess of guesses) ends.push(await callerOf(`Bearer ${guess}`, address));
  expect(ends).toEqual([...Array.from({ length: 5 }, () => "api_token"), "too_many_requests"]);
  expect(actorOf(await callerOf(`Bearer ${token}`, address))).toMatchObject({ role: "viewer" });
});

test("the last use is noted, at most once a minute", async () => {
  const [recent, idle] = [await mintApiToken(viewer, input()), await mintApiToken(viewer, input())];
  const lastUse = async ({ apiToken }: typeof idle) =>
    (await prisma().apiToken.findUniqueOrThrow({ where: { id: apiToken.id } })).lastUsedAt;
  expect(await lastUse(idle)).toBeNull();
  await use(idle.token);
  await expect.poll(() => lastUse(idle)).not.toBeNull();
  const ago = (seconds: number) => new Date(viewer.now.getTime() - seconds * 1000);
  await prisma().apiToken.update({ where: { id: recent.apiToken.id }, data: { lastUsedAt: ago(5) } });
  await prisma().apiToken.update({ where: { id: idle.apiToken.id }, data: { lastUsedAt: ago(90) } });
  await use(recent.token);
  await use(idle.token);
  await expect.poll(() => lastUse(idle)).not.toEqual(ago(90));
  expect(await lastUse(recent)).toEqual(ago(5));
});
