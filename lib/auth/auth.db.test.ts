import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { prisma } from "@/lib/db/db.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { singleton } from "@/lib/kernel/singleton";
import { createMember as createMemberRow, createOrg, createSystemCtx } from "@/lib/testing/factories";
import { openTestHouse, type TestHouse } from "@/lib/testing/house";
import { apiRequest, createCookie } from "@/lib/testing/session";
import { changeRole, createMember, findCtxOf, listMembers, removeMember, revokeSession } from "./auth.server";
import { isPassword } from "./password.server";
import { signIn } from "./sign-in.server";

let house: TestHouse;
let system: Ctx;

beforeAll(async () => {
  house = await openTestHouse();
  system = await createSystemCtx(await createOrg());
});
afterAll(() => house.close());

const password = "correct horse battery";
let account = { userId: "", email: "" };
const visitor = () => ({ address: randomUUID(), userAgent: "test" });

beforeEach(async () => {
  const email = `${randomUUID()}@example.test`;
  account = await createMember(system, { name: "Ada", email, password, role: "policy_manager" });
});

const ctxOf = (cookie: string | null) => findCtxOf(apiRequest("GET", "/", { cookie }), "request");

test("the right password opens a session; a wrong one, another's and an unknown account get the same answer", async () => {
  const found = await signIn({ email: account.email.toUpperCase(), password }, visitor());
  expect(found?.userId).toBe(account.userId);
  const row = await prisma().consoleSession.findUniqueOrThrow({ where: { id: found?.sessionId ?? "" } });
  expect(row).toMatchObject({ orgId: system.orgId, revokedAt: null });
  for (const input of [
    { email: account.email, password: "wrong" },
    { email: "nobody@example.test", password },
    { email: account.email },
    null,
  ]) {
    expect(await signIn(input, visitor())).toBeNull();
  }
});

test("the sixth failure of an address for an account within a minute is told to wait, whatever the password", async () => {
  const who = visitor();
  for (let index = 0; index < 5; index += 1)
    expect(await signIn({ email: account.email, password: "x" }, who)).toBeNull();
  const refused = { code: "too_many_requests", retryAfterMs: expect.any(Number) as number };
  await expect(signIn({ email: account.email, password }, who)).rejects.toMatchObject(refused);
  expect(await signIn({ email: account.email, password }, visitor())).not.toBeNull();
});

test("parallel guesses share one allowance", async () => {
  const who = visitor();
  const guesses = Array.from({ length: 12 }, () =>
    signIn({ email: account.email, password: "x" }, who).catch((error: { code: string }) => error.code),
  );
  const ends = await Promise.all(guesses);
  expect(ends.filter((end) => end === "too_many_requests")).toHaveLength(7);
});

test("one address cannot try many accounts", async () => {
  const who = visitor();
  const guesses = Array.from({ length: 40 }, (_, index) =>
    signIn({ email: `${String(index)}@example.test`, password: "x" }, who).catch(() => "refused"),
  );
  expect((await Promise.all(guesses)).filter((end) => end === "refused")).toHaveLength(10);
});

test("passwords are kept as argon2id hashes, and a broken hash is no password", async () => {
  const user = await prisma().user.findUniqueOrThrow({ where: { id: account.userId } });
  expect(user.passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(await isPassword("no hash", password)).toBe(false);
  expect(await isPassword(null, "no account has this password")).toBe(false);
});

test("A6 a demotion counts from the next request on, a removal ends the session", async () => {
  const admin = await createMemberRow(system.orgId, "admin");
  const member = await createMemberRow(system.orgId, "admin");
  const cookie = await createCookie(member);
  expect((await ctxOf(cookie))?.permissions.has("grant.manage")).toBe(true);
  await changeRole(admin, member.actor.userId, "viewer");
  const demoted = await ctxOf(cookie);
  expect(demoted?.actor).toMatchObject({ role: "viewer" });
  expect(demoted?.permissions.has("grant.manage")).toBe(false);
  await removeMember(admin, member.actor.userId);
  expect(await ctxOf(cookie)).toBeNull();
});

test("A6 signing out ends the session everywhere, at once", async () => {
  const member = await createMemberRow(system.orgId, "viewer");
  const cookie = await createCookie(member);
  const { id } = await prisma().consoleSession.findFirstOrThrow({ where: { userId: member.actor.userId } });
  expect(await ctxOf(cookie)).not.toBeNull();
  await revokeSession(id);
  expect(await ctxOf(cookie)).toBeNull();
});

test("an expired session, one of a person without membership, and one of somebody else are nobody's", async () => {
  const member = await createMemberRow(system.orgId, "viewer");
  const cookie = await createCookie(member);
  const where = { userId: member.actor.userId };
  await prisma().consoleSession.updateMany({ where, data: { expiresAt: new Date(0) } });
  expect(await ctxOf(cookie)).toBeNull();
  const later = await createCookie(member);
  await prisma().consoleSession.updateMany({ where, data: { userId: account.userId } });
  expect(await ctxOf(later)).toBeNull();
});

test("A9 no cookie, however broken, raises an exception or signs anybody in", async () => {
  const cookie = await createCookie(await createMemberRow(system.orgId, "viewer"));
  const [name, token = ""] = cookie.split(/=(.*)/s);
  const broken = [
    "",
    "%ZZ",
    "x".repeat(10_240),
    token.slice(0, -3),
    `${token}x`,
    token.replace(/\..*/, ""),
    "eyJhbGciOiJub25lIn0.e30.",
    `${token}; ${String(name)}=${token}`,
  ];
  for (const value of broken) expect(await ctxOf(`${String(name)}=${value}`)).toBeNull();
  for (let index = 0; index < 200; index += 1) {
    const at = (index * 7919) % token.length;
    const cut = token.slice(0, at) + String.fromCharCode(33 + (index % 90)) + token.slice(at + 1);
    // The last character of a part may hold unused bits, so that two texts mean the same bytes.
    const isLast = at + 1 === token.length || token[at + 1] === ".";
    if (cut !== token && !isLast) expect(await ctxOf(`${String(name)}=${cut}`)).toBeNull();
  }
  expect(await ctxOf(`a=b; ${cookie}; c=d`)).not.toBeNull();
});

test("A9 a session that cannot be read because the database is away means signed out", async () => {
  const cookie = await createCookie(await createMemberRow(system.orgId, "viewer"));
  const slot = singleton<{ opened: unknown }>("db", () => ({ opened: null }));
  const { opened } = slot;
  slot.opened = null;
  const ctx = await ctxOf(cookie);
  slot.opened = opened;
  expect(ctx).toBeNull();
});

test("A11 the last admin cannot be removed or demoted, also when two go at the same moment", async () => {
  const orgId = await createOrg();
  const [one, two] = [await createMemberRow(orgId, "admin"), await createMemberRow(orgId, "admin")];
  const leave = async (member: typeof one, act: Promise<void>) =>
    act.then(
      () => "done",
      (error: { code: string }) => error.code,
    );
  const ends = await Promise.all([
    leave(one, removeMember(one, one.actor.userId)),
    leave(two, changeRole(two, two.actor.userId, "viewer")),
  ]);
  expect(ends.sort()).toEqual(["done", "last_admin"]);
  const left = (await listMembers(await createSystemCtx(orgId))).filter((member) => member.role === "admin");
  expect(left).toHaveLength(1);
});

test("A5 members are managed by admins of their own organisation only", async () => {
  const manager = await createMemberRow(system.orgId, "policy_manager");
  const stranger = await createMemberRow(await createOrg(), "admin");
  const fields = { name: "x", email: `${randomUUID()}@example.test`, password, role: "admin" } as const;
  await expect(createMember(manager, fields)).rejects.toMatchObject({ code: "forbidden" });
  await expect(changeRole(stranger, account.userId, "admin")).rejects.toMatchObject({ code: "not_found" });
  await expect(removeMember(stranger, account.userId)).rejects.toMatchObject({ code: "not_found" });
  await expect(removeMember(stranger, "no id")).rejects.toMatchObject({ code: "not_found" });
  await expect(createMember(stranger, { ...fields, email: account.email })).rejects.toMatchObject({
    code: "name_taken",
  });
});
