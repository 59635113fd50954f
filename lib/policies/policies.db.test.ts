import { afterAll, beforeAll, expect, test } from "vitest";
import { prisma } from "@/lib/db/db.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { createGrantRow, createMember, createOrg, createServerRow } from "@/lib/testing/factories";
import { openTestHouse, type TestHouse } from "@/lib/testing/house";
import {
  checkText,
  createPolicy,
  findCompiled,
  getPolicy,
  getPolicyVersion,
  listPolicies,
  publishPolicy,
} from "./policies.server";

let house: TestHouse;
let manager: Ctx;
let viewer: Ctx;
let other: Ctx;

const good = `version: "1"\ntools:\n  create_charge: { rules: [] }\n`;
const better = `version: "1"\nhide: [delete_customer]\ntools:\n  create_charge: { rules: [] }\n`;
const bad = `version: "1"\ntools:\n  create_charge:\n    rulez: []\n`;

beforeAll(async () => {
  house = await openTestHouse();
  const orgId = await createOrg();
  manager = await createMember(orgId, "policy_manager");
  viewer = await createMember(orgId, "viewer");
  other = await createMember(await createOrg(), "admin");
});
afterAll(() => house.close());

let count = 0;
const create = (text = good) =>
  createPolicy(manager, { name: `policy ${String((count += 1))}`, text, reason: "first" });

test("a new policy with a text is live as version 1, with author and reason", async () => {
  const policy = await create();
  expect(policy).toMatchObject({ liveVersion: 1, text: good });
  const [version] = policy.versions;
  expect(version).toMatchObject({ version: 1, reason: "first", author: manager.actor.name });
  expect(await findCompiled(policy.id)).toMatchObject({ version: 1, hash: version?.contentHash });
});

test("a new policy without a text has nothing live, and publishing from nothing makes version 1", async () => {
  const { id, liveVersion, text } = await create("  ");
  expect({ liveVersion, text }).toEqual({ liveVersion: null, text: "" });
  expect(await findCompiled(id)).toBeNull();
  const published = await publishPolicy(manager, id, { baseVersion: null, text: good, reason: "" });
  expect(published.liveVersion).toBe(1);
  expect((await findCompiled(id))?.version).toBe(1);
});

test("a published text is what the next look-up gives, also while the old one is cached", async () => {
  const { id } = await create();
  const before = await findCompiled(id);
  const published = await publishPolicy(manager, id, { baseVersion: 1, text: better, reason: "hide it" });
  const after = await findCompiled(id);
  expect(published).toMatchObject({ liveVersion: 2, text: better });
  expect(after).toMatchObject({ version: 2, hash: published.versions[0]?.contentHash });
  expect(after?.hash).not.toBe(before?.hash);
  expect(await getPolicyVersion(viewer, id, 1)).toMatchObject({ text: good, version: 1 });
});

test("Q15 a text with errors never goes live: each finding with line and column, and nothing changed", async () => {
  const { id } = await create();
  const refused = publishPolicy(manager, id, { baseVersion: 1, text: bad, reason: "" });
  await expect(refused).rejects.toMatchObject({
    code: "policy_invalid",
    issues: expect.arrayContaining([expect.objectContaining({ line: 4, column: 5, severity: "error" })]) as unknown,
  });
  for (const text of ["", "{", "version: 2", "tools: [", "\u0000"]) {
    await expect(publishPolicy(manager, id, { baseVersion: 1, text, reason: "" })).rejects.toMatchObject({
      code: "policy_invalid",
    });
  }
  expect(await getPolicy(manager, id)).toMatchObject({ liveVersion: 1, text: good });
  expect((await findCompiled(id))?.version).toBe(1);
  await expect(create(bad)).rejects.toMatchObject({ code: "policy_invalid" });
});

test("N6 of many who publish over the same version exactly one wins, the others are told", async () => {
  const { id } = await create();
  const attempts = Array.from({ length: 8 }, () =>
    publishPolicy(manager, id, { baseVersion: 1, text: better, reason: "" }).then(
      () => "published",
      (error: { code: string }) => error.code,
    ),
  );
  const ends = await Promise.all(attempts);
  expect(ends.filter((end) => end === "published")).toHaveLength(1);
  expect(ends.filter((end) => end === "conflict")).toHaveLength(7);
  expect(await getPolicy(manager, id)).toMatchObject({ liveVersion: 2 });
  const stale = publishPolicy(manager, id, { baseVersion: null, text: good, reason: "" });
  await expect(stale).rejects.toMatchObject({ code: "conflict" });
});

test("a version published by another process reaches the cache within one second without any word of it", async () => {
  const { id } = await create();
  await findCompiled(id);
  const fields = { policyId: id, orgId: manager.orgId, text: better, contentHash: "x", reason: "" };
  await prisma().policyVersion.create({ data: { ...fields, version: 2 } });
  await prisma().policy.update({ where: { id }, data: { liveVersion: 2 } });
  await expect.poll(async () => (await findCompiled(id))?.version, { timeout: 1500, interval: 50 }).toBe(2);
});

test("a stored text that no longer parses denies with an error instead of being taken for empty", async () => {
  const { id } = await create();
  await prisma().policyVersion.updateMany({ where: { policyId: id }, data: { text: bad } });
  await expect(findCompiled(id)).rejects.toMatchObject({ code: "internal" });
});

test("A5 viewers read but do not write; another organisation's policy does not exist", async () => {
  const { id, name } = await create();
  await expect(createPolicy(viewer, { name: "x", text: good, reason: "" })).rejects.toMatchObject({
    code: "forbidden",
  });
  const publish = { baseVersion: 1, text: better, reason: "" };
  await expect(publishPolicy(viewer, id, publish)).rejects.toMatchObject({ code: "forbidden" });
  expect((await getPolicy(viewer, id)).name).toBe(name);
  const notFound = { code: "not_found" };
  await expect(getPolicy(other, id)).rejects.toMatchObject(notFound);
  await expect(getPolicyVersion(other, id, 1)).rejects.toMatchObject(notFound);
  await expect(publishPolicy(other, id, publish)).rejects.toMatchObject(notFound);
  expect(await listPolicies(other)).toEqual([]);
  const same = await createPolicy(other, { name, text: good, reason: "" });
  expect(same.name).toBe(name);
  await expect(createPolicy(manager, { name, text: good, reason: "" })).rejects.toMatchObject({ code: "name_taken" });
});

test("the list shows grants that work and who changed what last; the audit names both versions", async () => {
  const policy = await create();
  const serverId = await createServerRow(manager.orgId);
  const { grant } = await createGrantRow(manager.orgId, { serverId, policyId: policy.id });
  await publishPolicy(manager, policy.id, { baseVersion: 1, text: better, reason: "why" });
  const item = (await listPolicies(viewer)).find((row) => row.id === policy.id);
  expect(item).toMatchObject({ liveVersion: 2, grantCount: 1, denials24h: 0, updatedBy: manager.actor.name });
  expect((await getPolicy(viewer, policy.id)).grants).toEqual([{ id: grant.id, label: grant.label }]);
  const rows = await prisma().adminAudit.findMany({
    where: { object: `policy:${policy.id}` },
    orderBy: { seq: "asc" },
  });
  expect(rows.map((row) => row.action)).toEqual(["policy.create", "policy.publish"]);
  const record = JSON.parse(rows[1]?.record ?? "{}") as Record<string, unknown>;
  expect(record).toMatchObject({ before: { version: 1 }, after: { version: 2 }, reason: "why" });
});

const tested = (expected: string) => `${good}tests:
  - {name: charges pass, call: {tool: create_charge}, expect: ${expected}}
  - {name: others do not, call: {tool: other}, expect: deny}
`;

test("a text whose tests fail goes live only when that is allowed with a reason, and the audit log says so", async () => {
  const { id } = await create(tested("allow"));
  expect((await getPolicy(viewer, id)).versions[0]).toMatchObject({ testsPassed: 2, testsFailed: 0 });
  const failing = { baseVersion: 1, text: tested("deny") };
  const refused = publishPolicy(manager, id, { ...failing, reason: "why" });
  await expect(refused).rejects.toMatchObject({
    code: "policy_tests_failed",
    issues: [{ message: 'Test "charges pass": expected deny, got allow', line: 5, code: "test" }],
  });
  const silent = publishPolicy(manager, id, { ...failing, reason: "", allowFailingTests: true });
  await expect(silent).rejects.toMatchObject({ code: "policy_tests_failed" });
  const failed = create(tested("hold"));
  await expect(failed).rejects.toMatchObject({ code: "policy_tests_failed" });
  const published = await publishPolicy(manager, id, { ...failing, reason: "why", allowFailingTests: true });
  expect(published.versions[0]).toMatchObject({ version: 2, testsPassed: 1, testsFailed: 1 });
  const row = await prisma().adminAudit.findFirst({ where: { object: `policy:${id}` }, orderBy: { seq: "desc" } });
  expect(JSON.parse(row?.record ?? "{}")).toMatchObject({ after: { version: 2, failingTests: 1 }, reason: "why" });
});

test("the check runs the tests of a text, and none when it has errors", async () => {
  const checked = await checkText(viewer, { text: tested("deny") });
  expect(checked).toMatchObject({ problems: [], tests: { passed: 1, failed: 1 } });
  expect(checked.tests.results[0]).toMatchObject({
    name: "charges pass",
    ok: false,
    expected: "deny",
    actual: "allow",
  });
  const broken = await checkText(viewer, { text: tested("deny").replace("rules", "rulez") });
  expect(broken.tests).toEqual({ passed: 0, failed: 0, results: [] });
});

test("the check knows the tools of the servers that the policy's grants reach", async () => {
  const policy = await create();
  const serverId = await createServerRow(manager.orgId, { tools: ["create_charges"] });
  await createGrantRow(manager.orgId, { serverId, policyId: policy.id });
  const { problems } = await checkText(viewer, { text: good, policyId: policy.id });
  expect(problems).toEqual([expect.objectContaining({ code: "unknown_tool", hint: "Did you mean `create_charges`?" })]);
  expect((await checkText(viewer, { text: good })).problems).toEqual([]);
  await expect(checkText(other, { text: good, policyId: policy.id })).rejects.toMatchObject({ code: "not_found" });
});

test("N6 who publishes over another's version is told whose it is, when it went live, and why", async () => {
  const { id } = await create();
  await publishPolicy(manager, id, { baseVersion: 1, text: better, reason: "hide deletions" });
  const stale = publishPolicy(manager, id, { baseVersion: 1, text: good, reason: "" });
  await expect(stale).rejects.toMatchObject({
    code: "conflict",
    issues: [
      {
        path: "versions.2",
        message: expect.stringMatching(
          new RegExp(`^Version 2 is live, published by ${manager.actor.name} at [0-9TZ:.-]+: hide deletions$`),
        ) as unknown,
      },
    ],
  });
});

test("C24 restoring an older text makes the next version with the older one's content hash", async () => {
  const { id } = await create();
  await publishPolicy(manager, id, { baseVersion: 1, text: better, reason: "" });
  const { text } = await getPolicyVersion(viewer, id, 1);
  const restored = await publishPolicy(manager, id, { baseVersion: 2, text, reason: "Restore version 1" });
  const hashes = restored.versions.map((version) => version.contentHash);
  expect(hashes).toHaveLength(3);
  expect([hashes[0], hashes[1] === hashes[0]]).toEqual([hashes[2], false]);
});
