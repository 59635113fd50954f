import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { pool, prisma } from "@/lib/db/db.server";
import { closeEgress } from "@/lib/http/egress.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { isAppError } from "@/lib/kernel/errors";
import { startIssuer, type IssuerFake, type IssuerMode } from "@/lib/testing/authorization-server";
import { createMember, createOrg, createServerRow } from "@/lib/testing/factories";
import { openTestHouse, type TestHouse } from "@/lib/testing/house";
import { startProtectedUpstream, type ProtectedUpstream } from "@/lib/testing/protected-upstream";
import { noteRefusal, openCredential, renewCredential } from "./credential.server";
import { loadUpstream, type Upstream } from "./lookup.server";
import { claimRenewal, keepRenewed } from "./oauth-state.server";
import { dropConnection, loadConnection } from "./oauth-store.server";
import { finishSignIn, getServerAuth, listUnconnected, planSignIn, scanServer, startSignIn } from "./servers.server";

let house: TestHouse;
let admin: Ctx;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  house = await openTestHouse();
  admin = await createMember(await createOrg(), "admin");
});
afterEach(async () => {
  await closeEgress();
  await Promise.all(open.splice(0).map((fake) => fake.close()));
});
afterAll(() => house.close());

interface Connected {
  issuer: IssuerFake;
  resource: ProtectedUpstream;
  upstream: Upstream;
  id: string;
}

/** A server that somebody has signed in at. */
async function connected(mode: Partial<IssuerMode> = {}): Promise<Connected> {
  const issuer = await startIssuer(mode);
  const resource = await startProtectedUpstream(issuer, { scope: "read" });
  open.push(issuer, resource);
  const id = await createServerRow(admin.orgId, { url: resource.url, tools: [] });
  await signIn(id, issuer);
  const upstream = await loadUpstream(id);
  if (!upstream) throw new Error("no server");
  return { issuer, resource, upstream, id };
}

async function signIn(id: string, issuer: IssuerFake): Promise<string[]> {
  const plan = await planSignIn(admin, id);
  const { url } = await startSignIn(admin, id, { issuer: plan.issuer, scopes: plan.scopes });
  await finishSignIn(admin, { query: await issuer.approve(url) });
  return plan.scopes;
}

/** Moves the token's end, as if time had passed: `left` of `life` seconds remain. */
async function age(id: string, left: number, life: number): Promise<void> {
  await pool().query(
    `UPDATE server_oauth SET access_issued_at = now() - make_interval(secs => $2), version = version + 1,
      access_expires_at = now() + make_interval(secs => $3) WHERE server_id = $1`,
    [id, life - left, left],
  );
  dropConnection(id);
}

const stateOf = async (id: string) => {
  const { state, reason } = await getServerAuth(admin, id);
  return reason === null ? state : `${state} ${reason}`;
};

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  return isAppError(error) ? error.code : String(error);
}

const renewals = ({ issuer }: Connected) =>
  issuer.requests.filter((request) => request.form.get("grant_type") === "refresh_token");

test("a token with most of its life left is used as it is", async () => {
  const all = await connected();
  await age(all.id, 1000, 3600);
  await openCredential(all.upstream);
  expect(renewals(all)).toHaveLength(0);
});

test.each([
  ["less than a fifth of its life", 700, 3600],
  ["less than a minute", 55, 200],
])("a token with %s left is renewed beside the call, which carries the old one", async (_, left, life) => {
  const all = await connected();
  const [old] = [...all.issuer.access.keys()];
  await age(all.id, left, life);
  expect((await openCredential(all.upstream)).authorization).toBe(`Bearer ${old ?? ""}`);
  await expect.poll(async () => (await openCredential(all.upstream)).authorization).not.toBe(`Bearer ${old ?? ""}`);
  const [renewal, ...more] = renewals(all);
  expect(more).toHaveLength(0);
  expect(renewal?.form.get("resource")).toBe(all.resource.url);
});

test("fifty calls at the end of a token wait for one renewal and all carry the new token", async () => {
  const all = await connected();
  await age(all.id, -1, 3600);
  const used = await Promise.all(Array.from({ length: 50 }, () => openCredential(all.upstream)));
  const newest = [...all.issuer.access.keys()].at(-1) ?? "";
  expect(new Set(used.map((credential) => credential.authorization))).toEqual(new Set([`Bearer ${newest}`]));
  expect(renewals(all)).toHaveLength(1);
});

test("fifty refused calls renew once, and who comes later gets the new token without asking", async () => {
  const all = await connected();
  const used = await openCredential(all.upstream);
  const renewed = await Promise.all(Array.from({ length: 50 }, () => renewCredential(all.upstream, used)));
  expect(new Set(renewed.map((credential) => credential?.authorization)).size).toBe(1);
  expect(renewed[0]?.authorization).not.toBe(used.authorization);
  expect(await renewCredential(all.upstream, used)).toEqual(renewed[0]);
  expect(renewals(all)).toHaveLength(1);
});

test("while another replica renews, this one waits and takes its tokens", async () => {
  const all = await connected();
  await age(all.id, -1, 3600);
  const seen = await loadConnection(all.id);
  if (!seen) throw new Error("no connection");
  const claimedAt = await claimRenewal(all.id, seen.version);
  if (!claimedAt) throw new Error("no claim");
  expect(await claimRenewal(all.id, seen.version)).toBeNull();
  const waiting = openCredential(all.upstream);
  await keepRenewed(all.id, seen, { access: "of-the-other", refresh: "rt", expiresIn: 3600 }, claimedAt);
  expect(await waiting).toEqual({ authorization: "Bearer of-the-other" });
  expect(renewals(all)).toHaveLength(0);
});

test("a replica that died while renewing holds nobody up for longer than its claim", async () => {
  const all = await connected();
  await age(all.id, -1, 3600);
  await pool().query("UPDATE server_oauth SET renewing_until = now() - interval '1 second' WHERE server_id = $1", [
    all.id,
  ]);
  expect((await openCredential(all.upstream)).authorization).toMatch(/^Bearer at-/);
  expect(renewals(all)).toHaveLength(1);
});

test("a rotated refresh token is stored before the new access token is used, and the next renewal sends it", async () => {
  const all = await connected();
  for (const round of [1, 2, 3]) {
    await age(all.id, -1, 3600);
    await openCredential(all.upstream);
    expect(renewals(all)).toHaveLength(round);
  }
  const sent = renewals(all).map((request) => request.form.get("refresh_token"));
  expect(new Set(sent).size).toBe(3);
  expect(await stateOf(all.id)).toBe("connected");
});

test("an issuer that sends no new refresh token keeps the old one in use", async () => {
  const all = await connected({ rotates: false });
  all.issuer.mode.tokenAnswer = { refresh_token: undefined };
  for (const round of [1, 2]) {
    await age(all.id, -1, 3600);
    await openCredential(all.upstream);
    expect(renewals(all)).toHaveLength(round);
  }
});

test("a refused renewal turns the state to reconnect, with an audit row, and nothing is asked again", async () => {
  const all = await connected();
  all.issuer.mode.refresh = "refused";
  await age(all.id, -1, 3600);
  for (let tries = 0; tries < 3; tries += 1) {
    expect(await codeOf(openCredential(all.upstream))).toBe("upstream_auth_required");
  }
  expect(renewals(all)).toHaveLength(1);
  expect(await stateOf(all.id)).toBe("reconnect refresh_refused");
  expect(
    await prisma().adminAudit.count({ where: { object: `server:${all.id}`, action: "server.oauth.reconnect" } }),
  ).toBe(1);
});

test("a scan whose token the server no longer takes renews it once", async () => {
  const all = await connected();
  all.issuer.expire();
  expect(await scanServer(admin, all.id)).toMatchObject({ total: 1 });
  expect([renewals(all).length, await stateOf(all.id)]).toEqual([1, "connected"]);
});

test("a scan that cannot renew its token fails and says on the server, and in the list, that a sign-in is needed", async () => {
  const [all, other] = [await connected(), await connected()];
  all.issuer.expire();
  all.issuer.mode.refresh = "refused";
  expect(await codeOf(scanServer(admin, all.id))).toBe("scan_failed");
  expect(await stateOf(all.id)).toBe("reconnect refresh_refused");
  const unconnected = await listUnconnected(admin);
  expect([unconnected.get(all.id), unconnected.get(other.id)]).toEqual(["reconnect", undefined]);
  expect(await listUnconnected(await createMember(await createOrg(), "viewer"))).toEqual(new Map());
});

test("an authorisation server that is down changes no state: the old token is used to its end, later it works again", async () => {
  const all = await connected();
  all.issuer.mode.refresh = "down";
  await age(all.id, 3, 3600);
  expect((await openCredential(all.upstream)).authorization).toMatch(/^Bearer at-/);
  await age(all.id, -1, 3600);
  expect(await codeOf(openCredential(all.upstream))).toBe("upstream_auth_required");
  expect(await stateOf(all.id)).toBe("connected");
  all.issuer.mode.refresh = "ok";
  await expect.poll(() => codeOf(openCredential(all.upstream)), { timeout: 5000 }).toBe("null");
});

test("a token that ends and cannot be renewed needs a new sign-in", async () => {
  const all = await connected({ tokenAnswer: { refresh_token: undefined } });
  await age(all.id, 1, 3600);
  expect((await openCredential(all.upstream)).authorization).toMatch(/^Bearer at-/);
  await age(all.id, -1, 3600);
  expect(await codeOf(openCredential(all.upstream))).toBe("upstream_auth_required");
  expect(await stateOf(all.id)).toBe("reconnect expired");
});

test("a token without an end is used until it is refused", async () => {
  const all = await connected({ expiresIn: null });
  const used = await openCredential(all.upstream);
  expect((await getServerAuth(admin, all.id)).expiresAt).toBeNull();
  expect((await renewCredential(all.upstream, used))?.authorization).not.toBe(used.authorization);
});

test("U4 an issuer whose metadata turns hostile gets no refresh token", async () => {
  const all = await connected();
  all.issuer.mode.metadata = { issuer: "https://evil.example" };
  await age(all.id, -1, 3600);
  expect(await codeOf(openCredential(all.upstream))).toBe("upstream_auth_required");
  expect(renewals(all)).toHaveLength(0);
  expect(await stateOf(all.id)).toBe("reconnect refresh_refused");
});

test("a refused fresh token needs a new sign-in; a refused old one does not yet", async () => {
  const all = await connected();
  const used = await openCredential(all.upstream);
  await age(all.id, 1000, 3600);
  await noteRefusal(all.upstream, used, { status: 401, challenge: "Bearer" });
  expect(await stateOf(all.id)).toBe("connected");
  await age(all.id, 3599, 3600);
  await noteRefusal(all.upstream, { authorization: "Bearer other" }, { status: 401, challenge: "Bearer" });
  expect(await stateOf(all.id)).toBe("connected");
  await noteRefusal(all.upstream, used, { status: 401, challenge: "Bearer" });
  expect(await stateOf(all.id)).toBe("reconnect token_refused");
});

test("a 403 for missing scopes needs a new sign-in that asks for the old and the new ones together", async () => {
  const all = await connected();
  const used = await openCredential(all.upstream);
  await noteRefusal(all.upstream, used, { status: 403, challenge: 'Bearer error="access_denied"' });
  expect(await stateOf(all.id)).toBe("connected");
  await noteRefusal(all.upstream, used, { status: 403, challenge: 'Bearer error="insufficient_scope", scope="write"' });
  expect(await stateOf(all.id)).toBe("reconnect insufficient_scope");
  expect((await signIn(all.id, all.issuer)).sort()).toEqual(["read", "write"]);
  expect(await stateOf(all.id)).toBe("connected");
});

test("a registration that the issuer has forgotten is made anew at the next sign-in", async () => {
  const all = await connected();
  all.issuer.mode.refresh = "refused";
  const client = await prisma().serverOauthClient.findFirstOrThrow({ where: { serverId: all.id } });
  await age(all.id, -1, 3600);
  await codeOf(openCredential(all.upstream));
  await prisma().serverOauthClient.deleteMany({ where: { id: client.id } });
  await signIn(all.id, all.issuer);
  expect(all.issuer.count("/register")).toBe(2);
});

test("U3 a token never goes to another address, also while a cache still holds it", async () => {
  const all = await connected();
  const used = await openCredential(all.upstream);
  const moved = { ...all.upstream, url: "http://127.0.0.1:9/mcp" };
  expect(await codeOf(openCredential(moved))).toBe("upstream_auth_required");
  expect(await renewCredential(moved, used)).toBeNull();
  expect(await codeOf(openCredential({ ...all.upstream, url: `${all.upstream.url}/more` }))).toBe(
    "upstream_auth_required",
  );
  expect(renewals(all)).toHaveLength(0);
});

test("a token that cannot be opened is no credential and says why", async () => {
  const all = await connected();
  await pool().query("UPDATE server_oauth SET sealed_access = $2, version = version + 1 WHERE server_id = $1", [
    all.id,
    "v1.AAAA",
  ]);
  dropConnection(all.id);
  expect(await codeOf(openCredential(all.upstream))).toBe("upstream_auth_required");
  expect(await stateOf(all.id)).toBe("reconnect unreadable");
});
