import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { getRequestListener } from "@hono/node-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GET as listPolicies, POST as createPolicy } from "@/app/api/policies/route";
import { GET as getPolicy } from "@/app/api/policies/[id]/route";
import { POST as publishPolicy } from "@/app/api/policies/[id]/publish/route";
import { POST as checkPolicy } from "@/app/api/policies/check/route";
import { GET as scaffoldServer } from "@/app/api/servers/[id]/scaffold/route";
import { GET as listServers } from "@/app/api/servers/route";
import { mintApiToken, revokeApiToken } from "@/lib/auth/api-tokens.server";
import { prisma } from "@/lib/db/db.server";
import type { RouteHandler } from "@/lib/http/route.server";
import type { Role } from "@/lib/kernel/ctx";
import { findCompiled, publishPolicy as publish } from "@/lib/policies/policies.server";
import { runCommand, type Ran } from "@/lib/testing/command";
import { createServerRow } from "@/lib/testing/factories";
import { openTestHouse, type TestHouse } from "@/lib/testing/house";
import { createPeople, type People } from "@/lib/testing/people";
import { makeTerminal } from "@/lib/testing/terminal";
import { runIn } from "./cli.server";

/** The routes that the command line uses, in the order in which they are tried. */
const routes: readonly [string, RegExp, RouteHandler][] = [
  ["GET", /^\/api\/policies$/, listPolicies],
  ["POST", /^\/api\/policies$/, createPolicy],
  ["POST", /^\/api\/policies\/check$/, checkPolicy],
  ["GET", /^\/api\/policies\/(?<id>[^/]+)$/, getPolicy],
  ["POST", /^\/api\/policies\/(?<id>[^/]+)\/publish$/, publishPolicy],
  ["GET", /^\/api\/servers$/, listServers],
  ["GET", /^\/api\/servers\/(?<id>[^/]+)\/scaffold$/, scaffoldServer],
];

const live = `version: "1"\ntools:\n  create_charge: { rules: [] }\n`;
const capped = `version: "1"
tools:
  create_charge:
    rules:
      - name: cap
        conditions: [{ path: args.amount, op: lte, value: 500 }]
tests:
  - name: over the cap
    call: { tool: create_charge, args: { amount: 501 } }
    expect: deny
`;
const failing = capped.replace("amount: 501", "amount: 1");
const bad = `version: "1"\ntools:\n  a: { rulez: [] }\n`;

let house: TestHouse;
let people: People;
let server: Server;
let origin: string;
let folder: string;
let count = 0;
const files = new Map<string, string>();
/** What happens between the comparison and the publishing of a test. */
let meanwhile: (() => Promise<unknown>) | null = null;
/** Whether every answer is a redirect. */
let isMoved = false;
const requests: { method: string; path: string }[] = [];

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  requests.push({ method: request.method, path: pathname });
  if (isMoved) return Response.redirect(`${origin}/elsewhere`, 307);
  if (pathname.endsWith("/publish")) {
    await meanwhile?.();
    meanwhile = null;
  }
  for (const [method, pattern, handle] of routes) {
    const match = request.method === method ? pattern.exec(pathname) : null;
    if (match) return handle(request, { params: Promise.resolve({ ...match.groups }) });
  }
  return new Response("<html>", { status: 404 });
}

beforeAll(async () => {
  house = await openTestHouse();
  people = await createPeople();
  folder = mkdtempSync(path.join(os.tmpdir(), "policylayer-apply-"));
  // The first run of a clone builds the command and says so; the tests begin behind it.
  expect((await runCommand(["--version"], { cwd: folder })).exit).toBe(0);
  const listener = getRequestListener(answer, { overrideGlobalObjects: false });
  server = createServer((incoming, outgoing) => void listener(incoming, outgoing));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
  await house.close();
});

async function mint(role: Role) {
  return mintApiToken(people[role].ctx, { name: "ci", role, expiresInDays: 1 });
}

function save(file: string, text: string): void {
  files.set(file, text);
  writeFileSync(path.join(folder, file), text);
}

/** A file of a policy that nobody else uses. */
function fileOf(text: string): { file: string; name: string } {
  const name = `policy-${String((count += 1))}`;
  save(`${name}.yaml`, text);
  return { file: `${name}.yaml`, name };
}

/** The command in this process, with a new token of that role. */
async function run(role: Role, ...args: string[]): Promise<Ran> {
  const { token } = await mint(role);
  const terminal = makeTerminal({ files, env: { url: origin, token } });
  const exit = await runIn(terminal, args, "0");
  return withoutToken(token, { exit, out: terminal.takeOut(), err: terminal.takeErr() });
}

/** The same as a process of its own, from the bundle. */
async function spawned(role: Role, ...args: string[]): Promise<Ran> {
  const { token } = await mint(role);
  const env = { POLICYLAYER_URL: origin, POLICYLAYER_TOKEN: token };
  return withoutToken(token, await runCommand(args, { cwd: folder, env }));
}

function withoutToken(token: string, ran: Ran): Ran {
  for (const text of [ran.out, ran.err]) expect(text).not.toContain(token);
  return ran;
}

async function liveOf(name: string) {
  return prisma().policy.findFirstOrThrow({ where: { orgId: people.orgId, name } });
}

describe("plan and apply", () => {
  test("a new policy is planned with 2, made, live at once, and then unchanged with 0", async () => {
    const { file, name } = fileOf(capped);
    const planned = await spawned("viewer", "plan", file);
    expect(planned).toMatchObject({ exit: 2, err: "" });
    expect(planned.out).toContain(`+ ${name}: create`);
    expect(planned.out).toContain("1 test passed");
    expect(planned.out).toContain("Plan: 1 to create, 0 to update, 0 unchanged.");
    expect(await prisma().policy.count({ where: { orgId: people.orgId, name } })).toBe(0);
    const applied = await spawned("policy_manager", "apply", file, "--yes", "--reason", "first");
    expect(applied).toMatchObject({ exit: 0, err: "" });
    expect(applied.out).toContain(`✓ ${name}: created, version 1 is live`);
    const row = await liveOf(name);
    expect((await findCompiled(row.id))?.version).toBe(1);
    const versions = await prisma().policyVersion.findMany({ where: { policyId: row.id } });
    expect(versions).toMatchObject([{ text: capped, reason: "first", testsPassed: 1 }]);
    expect(await spawned("viewer", "plan", file)).toMatchObject({
      exit: 0,
      out: expect.stringContaining("version 1 is live") as string,
    });
    expect(await spawned("policy_manager", "apply", file, "--yes")).toMatchObject({ exit: 0 });
    expect((await liveOf(name)).liveVersion).toBe(1);
  });

  test("an update says what changes, and several files go together", async () => {
    const { file, name } = fileOf(live);
    const other = fileOf(capped);
    expect((await run("policy_manager", "apply", file, "--yes")).exit).toBe(0);
    save(file, capped);
    const planned = await run("viewer", "plan", file, other.file);
    expect(planned.exit).toBe(2);
    expect(planned.out).toContain(`~ ${name}: update of live version 1`);
    expect(planned.out).toMatch(/create_charge.*cap/);
    const applied = await run("policy_manager", "apply", file, other.file, "--yes", "--json");
    expect(applied.exit).toBe(0);
    expect(JSON.parse(applied.out)).toMatchObject({
      url: origin,
      steps: [
        { file, policy: name, action: "update", published: true, liveVersion: 2, tests: { passed: 1, failed: 0 } },
        { policy: other.name, action: "create", published: true, liveVersion: 1 },
      ],
    });
  });

  test("plan --json names base version and changes; --policy names the policy", async () => {
    const { file } = fileOf(capped);
    const name = `named ${String((count += 1))}`;
    const planned = await run("viewer", "plan", file, "--policy", name, "--json");
    expect(planned.exit).toBe(2);
    expect(JSON.parse(planned.out)).toMatchObject({
      url: origin,
      steps: [{ file, policy: name, action: "create", liveVersion: null, problems: [] }],
    });
  });

  test("only comments differ: still a change, because the text is what is kept", async () => {
    const { file } = fileOf(live);
    expect((await run("policy_manager", "apply", file, "--yes")).exit).toBe(0);
    save(file, `# why\n${live}`);
    const planned = await run("viewer", "plan", file);
    expect(planned).toMatchObject({
      exit: 2,
      out: expect.stringContaining("only comments or layout differ") as string,
    });
  });
});

describe("409", () => {
  test("somebody published meanwhile: exit 4 with who and which version, and theirs stays", async () => {
    const { file, name } = fileOf(live);
    expect((await run("policy_manager", "apply", file, "--yes")).exit).toBe(0);
    const { id } = await liveOf(name);
    save(file, capped);
    const theirs = `# theirs\n${live}`;
    const { ctx } = people.admin;
    meanwhile = () => publish({ ...ctx, now: new Date() }, id, { baseVersion: 1, text: theirs, reason: "quick fix" });
    const ran = await spawned("policy_manager", "apply", file, "--yes");
    expect(ran.exit).toBe(4);
    expect(ran.err).toContain(`Version 2 is live, published by ${ctx.actor.kind === "user" ? ctx.actor.name : ""}`);
    expect(ran.err).toContain("quick fix");
    const row = await prisma().policyVersion.findFirst({ where: { policyId: id }, orderBy: { version: "desc" } });
    expect(row).toMatchObject({ version: 2, text: theirs });
  });

  test("--base pins the version of an earlier plan", async () => {
    const { file, name } = fileOf(live);
    expect((await run("policy_manager", "apply", file, "--yes", "--base", "0")).exit).toBe(0);
    save(file, capped);
    expect((await run("policy_manager", "apply", file, "--yes", "--base", "0")).exit).toBe(4);
    expect((await run("policy_manager", "apply", file, "--yes", "--base", "7")).exit).toBe(4);
    expect((await liveOf(name)).liveVersion).toBe(1);
    expect((await run("policy_manager", "apply", file, "--yes", "--base", "1")).exit).toBe(0);
    const unknown = fileOf(live);
    expect((await run("policy_manager", "apply", unknown.file, "--yes", "--base", "1")).exit).toBe(4);
  });
});

describe("what is not published", () => {
  test("errors and failed tests block every file; failing tests can be allowed with a reason", async () => {
    const good = fileOf(live);
    const broken = fileOf(bad);
    const red = fileOf(failing);
    expect((await run("viewer", "plan", good.file, broken.file)).exit).toBe(1);
    expect((await run("viewer", "plan", red.file)).exit).toBe(1);
    const both = await run("policy_manager", "apply", good.file, broken.file, "--yes");
    expect(both).toMatchObject({ exit: 1, err: expect.stringContaining(broken.file) as string });
    expect(both.out).toContain("error unknown_key");
    const refused = await run("policy_manager", "apply", good.file, red.file, "--yes");
    expect(refused).toMatchObject({ exit: 1, err: expect.stringContaining("--allow-failing-tests") as string });
    expect(await prisma().policy.count({ where: { name: { in: [good.name, broken.name, red.name] } } })).toBe(0);
    expect((await run("policy_manager", "apply", red.file, "--yes", "--allow-failing-tests")).exit).toBe(64);
    const args = [red.file, "--yes", "--allow-failing-tests", "--reason", "known"];
    expect((await run("policy_manager", "apply", ...args)).exit).toBe(0);
    expect((await liveOf(red.name)).liveVersion).toBe(1);
  });

  test("without a terminal and without --yes: 64 before anything is asked of the gateway", async () => {
    const { file } = fileOf(live);
    requests.length = 0;
    expect(await spawned("policy_manager", "apply", file)).toMatchObject({
      exit: 64,
      err: expect.stringContaining("--yes") as string,
    });
    expect(requests).toEqual([]);
  });

  test("a person who does not say yes publishes nothing; one who does, does", async () => {
    const { file, name } = fileOf(live);
    const { token } = await mint("policy_manager");
    const answer = async (yes: boolean) => {
      const terminal = makeTerminal({ files, env: { url: origin, token }, answer: yes });
      const exit = await runIn(terminal, ["apply", file], "0");
      expect(terminal.asked).toEqual([`Publish this policy on ${origin}?`]);
      return exit;
    };
    expect(await answer(false)).toBe(1);
    expect(await prisma().policy.count({ where: { name } })).toBe(0);
    expect(await answer(true)).toBe(0);
    expect((await liveOf(name)).liveVersion).toBe(1);
  });

  test("a viewer's token plans and does not apply: 403, exit 1", async () => {
    const { file, name } = fileOf(live);
    const ran = await spawned("viewer", "apply", file, "--yes");
    expect(ran).toMatchObject({ exit: 1, err: expect.stringContaining("403 forbidden") as string });
    expect(await prisma().policy.count({ where: { name } })).toBe(0);
  });

  test("a revoked token: 401, exit 1, and it is not repeated", async () => {
    const { file } = fileOf(live);
    const { token, apiToken } = await mint("policy_manager");
    await revokeApiToken(people.policy_manager.ctx, apiToken.id);
    const ran = await runCommand(["plan", file, "--url", origin, "--token", token], { cwd: folder });
    expect(ran).toMatchObject({ exit: 1, out: "", err: expect.stringContaining("401 api_token") as string });
    expect(ran.err).not.toContain(token);
  });

  test("a stranger's token sees its own organisation only", async () => {
    const { file, name } = fileOf(live);
    expect((await run("policy_manager", "apply", file, "--yes")).exit).toBe(0);
    const { token } = await mintApiToken(people.stranger.ctx, { name: "ci", role: "admin", expiresInDays: 1 });
    const ran = await runCommand(["plan", file, "--url", origin, "--token", token], { cwd: folder });
    expect(ran).toMatchObject({ exit: 2, out: expect.stringContaining(`+ ${name}: create`) as string });
  });

  test("no answer ends with 1, and a redirect is not followed", async () => {
    const { file } = fileOf(live);
    const { token } = await mint("viewer");
    const silent = await runCommand(["plan", file, "--url", "http://127.0.0.1:1", "--token", token], { cwd: folder });
    expect(silent).toMatchObject({ exit: 1, err: expect.stringContaining("does not answer") as string });
    requests.length = 0;
    isMoved = true;
    const moved = await run("viewer", "plan", file);
    isMoved = false;
    expect(moved).toMatchObject({ exit: 1, err: expect.stringContaining("(307)") as string });
    expect(requests).toEqual([{ method: "GET", path: "/api/policies" }]);
  });
});

describe("export and scaffold from the gateway", () => {
  test("the live text comes back byte for byte, and in the canonical form on demand", async () => {
    const { file, name } = fileOf(`# kept\n${capped}`);
    expect((await run("policy_manager", "apply", file, "--yes")).exit).toBe(0);
    expect(await run("viewer", "export", "--policy", name)).toEqual({ exit: 0, out: `# kept\n${capped}`, err: "" });
    const json = await run("viewer", "export", "--policy", name, "--format", "json");
    expect(JSON.parse(json.out)).toMatchObject({ version: "1" });
    const unknown = await run("viewer", "export", "--policy", `${name}x`);
    expect(unknown).toMatchObject({ exit: 1, err: expect.stringContaining(`Did you mean ${name}?`) as string });
  });

  test("a server that was scanned gives a first policy that validates", async () => {
    const server = `shop ${String((count += 1))}`;
    await createServerRow(people.orgId, { name: server, tools: ["list_orders", "delete_order"] });
    const ran = await run("viewer", "scaffold", "--server", server, "--safe", "-o", "first.yaml");
    expect(ran).toMatchObject({ exit: 0, out: "" });
    expect((await run("viewer", "validate", "first.yaml")).exit).toBe(0);
    expect((await run("viewer", "export", "first.yaml")).out).toContain("delete_order");
    const again = await run("viewer", "scaffold", "--server", server, "-o", "first.yaml");
    expect(again.exit).toBe(66);
    expect((await run("viewer", "scaffold", "--server", "shopp")).exit).toBe(1);
  });
});
