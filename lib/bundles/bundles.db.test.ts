import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { prisma } from "@/lib/db/db.server";
import { mintGrant, revokeGrant } from "@/lib/grants/grants.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { deleteServer } from "@/lib/servers/servers.server";
import { createMember, createOrg, createPolicyRow, createServerRow } from "@/lib/testing/factories";
import { openTestHouse, type TestHouse } from "@/lib/testing/house";
import {
  addMember,
  createBundle,
  deleteBundle,
  findBundle,
  getBundle,
  listBundles,
  orderMembers,
  removeMember,
  setMemberPolicy,
  setPrefix,
  updateBundle,
} from "./bundles.server";
import { MemberInput } from "./schema";

let house: TestHouse;
let admin: Ctx;
let manager: Ctx;
let viewer: Ctx;
let other: Ctx;
let bundleId: string;
let first: string;
let second: string;
let policyId: string;

const yaml = `version: "1"\ntools:\n  create_charge: { rules: [] }\n`;

beforeAll(async () => {
  house = await openTestHouse();
  const orgId = await createOrg();
  admin = await createMember(orgId, "admin");
  manager = await createMember(orgId, "policy_manager");
  viewer = await createMember(orgId, "viewer");
  other = await createMember(await createOrg(), "admin");
  policyId = await createPolicyRow(orgId, yaml);
});
afterAll(() => house.close());

beforeEach(async () => {
  bundleId = (await createBundle(admin, { name: `desk ${String(performance.now())}` })).id;
  first = await createServerRow(admin.orgId, { tools: ["create_charge"] });
  second = await createServerRow(admin.orgId, { tools: ["x".repeat(120)] });
});

const member = (serverId: string, prefix: string, more = {}) => ({ serverId, prefix, policyId: null, ...more });
const issueAt = (path: string) => ({ code: "invalid_input", issues: [{ path }] });
const auditsOf = (action: string) => prisma().adminAudit.count({ where: { object: `bundle:${bundleId}`, action } });

test("a bundle takes servers in, each with a prefix and a policy of its own, in the order that people give them", async () => {
  await addMember(admin, bundleId, member(first, "pay", { policyId }));
  await addMember(admin, bundleId, member(second, "crm"));
  const shown = await orderMembers(admin, bundleId, { serverIds: [second, first] });
  expect(shown.members.map(({ prefix, policy, toolCount }) => [prefix, policy?.id ?? null, toolCount])).toEqual([
    ["crm", null, 1],
    ["pay", policyId, 1],
  ]);
  expect(shown.mcpUrl).toMatch(new RegExp(`/mcp/s/${bundleId}$`));
  expect(await findBundle(bundleId)).toMatchObject({
    id: bundleId,
    orgId: admin.orgId,
    enabled: true,
    version: 4,
    members: [
      { serverId: second, prefix: "crm", policyId: null },
      { serverId: first, prefix: "pay", policyId },
    ],
  });
});

test("every change raises the version, leaves one audit row, and is seen at the next look-up", async () => {
  await addMember(admin, bundleId, member(first, "a"));
  const acts: [string, () => Promise<unknown>][] = [
    ["bundle.update", () => updateBundle(admin, bundleId, { enabled: false })],
    ["bundle.member.prefix", () => setPrefix(admin, bundleId, first, { prefix: "b" })],
    ["bundle.member.policy", () => setMemberPolicy(manager, bundleId, first, { policyId })],
    ["bundle.member.order", () => orderMembers(admin, bundleId, { serverIds: [first] })],
    ["bundle.member.remove", () => removeMember(admin, bundleId, first)],
  ];
  for (const [action, act] of acts) {
    const before = await findBundle(bundleId);
    await act();
    expect([action, (await findBundle(bundleId))?.version]).toEqual([action, (before?.version ?? 0) + 1]);
    expect([action, await auditsOf(action)]).toEqual([action, 1]);
  }
  expect(await findBundle(bundleId)).toMatchObject({ enabled: false, members: [] });
});

test("a change made elsewhere reaches the cache within one second without any word of it", async () => {
  await findBundle(bundleId);
  await prisma().bundle.update({ where: { id: bundleId }, data: { enabled: false, version: 2 } });
  await expect.poll(async () => (await findBundle(bundleId))?.enabled, { timeout: 1500, interval: 50 }).toBe(false);
});

test("a prefix is 1 to 24 of a-z, 0-9 and -, one server's only, and leaves room for every tool's name", async () => {
  for (const prefix of ["", "A", "a_b", "a__b", "ä", "a/b", "x".repeat(25)]) {
    expect([prefix, MemberInput.safeParse(member(first, prefix)).success]).toEqual([prefix, false]);
  }
  expect(MemberInput.safeParse(member(first, `0-${"x".repeat(22)}`)).success).toBe(true);
  await addMember(admin, bundleId, member(first, "a"));
  await expect(addMember(admin, bundleId, member(second, "a"))).rejects.toMatchObject(issueAt("prefix"));
  await expect(addMember(admin, bundleId, member(first, "b"))).rejects.toMatchObject(issueAt("serverId"));
  const tooLong = { issues: [{ path: "prefix", message: expect.stringContaining("132 characters") as unknown }] };
  await expect(addMember(admin, bundleId, member(second, "long-prefix"))).rejects.toMatchObject({
    issues: [{ path: "prefix", message: expect.stringContaining("133 characters") as unknown }],
  });
  await addMember(admin, bundleId, member(second, "ninety"));
  await expect(setPrefix(admin, bundleId, second, { prefix: "ten-letter" })).rejects.toMatchObject(tooLong);
  await expect(setPrefix(admin, bundleId, second, { prefix: "a" })).rejects.toMatchObject(issueAt("prefix"));
  await expect(orderMembers(admin, bundleId, { serverIds: [first, first] })).rejects.toMatchObject(
    issueAt("serverIds"),
  );
  await prisma().serverTool.updateMany({ where: { serverId: first }, data: { name: "y".repeat(126) } });
  expect((await getBundle(viewer, bundleId)).members[0]?.tooLong).toHaveLength(1);
});

test("two changes at once both count", async () => {
  await Promise.all([addMember(admin, bundleId, member(first, "a")), addMember(admin, bundleId, member(second, "b"))]);
  const { members } = await getBundle(viewer, bundleId);
  expect(members.map(({ prefix }) => prefix).sort()).toEqual(["a", "b"]);
});

test("a bundle in use and a server in a bundle are not deleted; a revoked grant goes with its bundle", async () => {
  await addMember(admin, bundleId, member(first, "a"));
  const input = { label: "bot", bundleId, policyId: null, tags: [], expiresInDays: null };
  const { grant } = await mintGrant(admin, input);
  expect(grant).toMatchObject({ server: null, bundle: { id: bundleId }, policy: null });
  expect(grant.mcpUrl).toMatch(new RegExp(`/mcp/s/${bundleId}$`));
  await expect(deleteBundle(admin, bundleId)).rejects.toMatchObject({ code: "in_use" });
  await expect(deleteServer(admin, first)).rejects.toMatchObject({ code: "in_use" });
  await revokeGrant(admin, grant.id);
  await deleteBundle(admin, bundleId);
  expect(await findBundle(bundleId)).toBeNull();
  await deleteServer(admin, first);
});

test("A5 roles and organisations: servers are for admins, policies for policy managers, foreign things do not exist", async () => {
  await addMember(admin, bundleId, member(first, "a"));
  for (const act of [
    () => createBundle(manager, { name: "x" }),
    () => updateBundle(manager, bundleId, { enabled: false }),
    () => addMember(manager, bundleId, member(second, "b")),
    () => setPrefix(manager, bundleId, first, { prefix: "b" }),
    () => removeMember(manager, bundleId, first),
    () => orderMembers(manager, bundleId, { serverIds: [first] }),
    () => deleteBundle(manager, bundleId),
    () => setMemberPolicy(viewer, bundleId, first, { policyId: null }),
  ]) {
    await expect(act()).rejects.toMatchObject({ code: "forbidden" });
  }
  for (const act of [
    () => getBundle(other, bundleId),
    () => updateBundle(other, bundleId, { enabled: false }),
    () => setMemberPolicy(other, bundleId, first, { policyId: null }),
    () => removeMember(other, bundleId, first),
    () => deleteBundle(other, bundleId),
    () => setPrefix(admin, bundleId, second, { prefix: "b" }),
  ]) {
    await expect(act()).rejects.toMatchObject({ code: "not_found" });
  }
  expect(await listBundles(other)).toEqual([]);
  const foreign = await createServerRow(other.orgId);
  await expect(addMember(admin, bundleId, member(foreign, "f"))).rejects.toMatchObject(issueAt("serverId"));
  const policy = await createPolicyRow(other.orgId, yaml);
  await expect(setMemberPolicy(admin, bundleId, first, { policyId: policy })).rejects.toMatchObject(
    issueAt("policyId"),
  );
  const input = { label: "bot", bundleId, policyId: null, tags: [], expiresInDays: null };
  await expect(mintGrant(other, input)).rejects.toMatchObject(issueAt("bundleId"));
});

test("a name is one bundle's only", async () => {
  const { name } = await getBundle(viewer, bundleId);
  await expect(createBundle(admin, { name })).rejects.toMatchObject({ code: "name_taken" });
  expect((await createBundle(other, { name })).name).toBe(name);
});
