import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { pool, prisma } from "@/lib/db/db.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { approveFlow, connectClient, exchangeCode, openFlow, refresh, type TokenPair } from "@/lib/testing/connector";
import { createGrantRow, createMember, createOrg, createServerRow } from "@/lib/testing/factories";
import { openTestHouse, type TestHouse } from "@/lib/testing/house";
import { findGrantByToken, revokeGrant } from "./grants.server";
import { countConnectors, disconnectConnector, listConnectors, revokeToken } from "./oauth.server";

let house: TestHouse;
let admin: Ctx;
let serverId = "";
let grantId = "";

beforeAll(async () => {
  house = await openTestHouse();
  admin = await createMember(await createOrg(), "admin");
  serverId = await createServerRow(admin.orgId);
});
beforeEach(async () => {
  grantId = (await createGrantRow(admin.orgId, { serverId })).grant.id;
});
afterAll(() => house.close());

const stateOf = async (token: string) => (await findGrantByToken(token))?.state ?? null;
const connect = () => connectClient(admin, serverId, grantId);
const audits = (action: string) =>
  prisma().adminAudit.count({ where: { orgId: admin.orgId, action, object: `grant:${grantId}` } });
/** Makes everything of the grant as old as if that many seconds had passed. */
async function age(seconds: number): Promise<void> {
  const back = `make_interval(secs => ${String(seconds)})`;
  await pool().query(`UPDATE oauth_code SET expires_at = expires_at - ${back} WHERE grant_id = $1`, [grantId]);
  const tokens = `access_expires_at = access_expires_at - ${back}, refresh_expires_at = refresh_expires_at - ${back}`;
  await pool().query(`UPDATE oauth_token SET ${tokens} WHERE grant_id = $1`, [grantId]);
}

test("a code becomes a pair of tokens, and the access token is the grant", async () => {
  const { tokens } = await connect();
  expect(tokens).toEqual({
    access_token: expect.stringMatching(/^plo_[0-9A-Za-z]{49}$/) as string,
    refresh_token: expect.stringMatching(/^plr_[0-9A-Za-z]{49}$/) as string,
    token_type: "Bearer",
    expires_in: 3600,
    scope: "mcp",
  });
  expect(await findGrantByToken(tokens.access_token)).toMatchObject({ id: grantId, serverId, state: "active" });
  expect(await findGrantByToken(tokens.refresh_token)).toBeNull();
});

test("A1 the database holds hashes only: no code and no token, nor a part of one", async () => {
  const { code, tokens } = await connect();
  const rows = JSON.stringify([
    await prisma().oauthCode.findMany({ where: { grantId } }),
    await prisma().oauthToken.findMany({ where: { grantId } }),
    (await prisma().adminAudit.findMany({ where: { orgId: admin.orgId } })).map((row) => row.record),
  ]);
  expect(rows).toContain(grantId);
  for (const secret of [code, tokens.access_token, tokens.refresh_token]) {
    expect(rows).not.toContain(secret.slice(4, 20));
  }
});

describe("U4 a code is refused", () => {
  test("the second time, and every token that came of it ends", async () => {
    const { flow, code, tokens } = await connect();
    const renewed = (await refresh(flow, tokens.refresh_token)).body as unknown as TokenPair;
    expect(await exchangeCode(flow, code)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
    for (const token of [tokens.access_token, renewed.access_token]) expect(await stateOf(token)).toBe("token_revoked");
    expect(await refresh(flow, renewed.refresh_token)).toMatchObject({ body: { error: "invalid_grant" } });
    expect(await audits("connector.disconnect")).toBe(1);
  });

  test("but once, when eight requests bring it at the same moment", async () => {
    const flow = await openFlow(serverId);
    const code = await approveFlow(admin, flow, grantId);
    const answers = await Promise.all(Array.from({ length: 8 }, () => exchangeCode(flow, code)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const live = await prisma().oauthToken.count({ where: { grantId, revokedAt: null } });
    expect(live).toBe(0);
  });

  const wrong: [name: string, more: Record<string, string | null>, error: string][] = [
    ["without its verifier", { code_verifier: null }, "invalid_grant"],
    ["with another verifier", { code_verifier: "x".repeat(43) }, "invalid_grant"],
    ["with the challenge as verifier, as plain PKCE would have it", { code_verifier: "challenge" }, "invalid_grant"],
    ["with a verifier that is none", { code_verifier: "short" }, "invalid_request"],
    ["with another redirect URI", { redirect_uri: "http://127.0.0.1:41235/callback" }, "invalid_request"],
    ["without a redirect URI", { redirect_uri: null }, "invalid_request"],
    [
      "for another resource",
      { resource: "http://localhost:4999/mcp/00000000-0000-4000-8000-000000000000" },
      "invalid_target",
    ],
    ["for a resource elsewhere", { resource: "https://evil.example/mcp" }, "invalid_target"],
    ["with a client secret", { client_secret: "s" }, "invalid_client"],
    ["by nobody", { client_id: null }, "invalid_client"],
    ["by an unknown client", { client_id: "nobody" }, "invalid_client"],
    ["as a password", { grant_type: "password" }, "unsupported_grant_type"],
    ["without a grant type", { grant_type: null }, "invalid_request"],
    ["in another form", { code: "plc_x" }, "invalid_grant"],
  ];
  test.each(wrong)("%s", async (_name, more, error) => {
    const flow = await openFlow(serverId);
    const code = await approveFlow(admin, flow, grantId);
    const challenge = new URLSearchParams(flow.query()).get("code_challenge") ?? "";
    const sent = more["code_verifier"] === "challenge" ? { code_verifier: challenge } : more;
    const answer = await exchangeCode(flow, code, sent);
    expect(answer).toMatchObject({ status: 400, body: { error } });
    expect(answer.body).not.toHaveProperty("access_token");
    expect(await prisma().oauthToken.count({ where: { grantId } })).toBe(0);
  });

  test("by another client than the one it was made for", async () => {
    const [flow, other] = [await openFlow(serverId), await openFlow(serverId)];
    const code = await approveFlow(admin, flow, grantId);
    expect(await exchangeCode({ ...flow, clientId: other.clientId }, code)).toMatchObject({
      body: { error: "invalid_grant" },
    });
  });

  test("after a minute", async () => {
    const flow = await openFlow(serverId);
    const code = await approveFlow(admin, flow, grantId);
    await age(61);
    expect(await exchangeCode(flow, code)).toMatchObject({ body: { error: "invalid_grant" } });
  });

  test("once its grant is revoked", async () => {
    const flow = await openFlow(serverId);
    const code = await approveFlow(admin, flow, grantId);
    await revokeGrant(admin, grantId);
    expect(await exchangeCode(flow, code)).toMatchObject({ body: { error: "invalid_grant" } });
  });

  test("a wrong verifier spends it: nobody can try verifiers one after the other", async () => {
    const flow = await openFlow(serverId);
    const code = await approveFlow(admin, flow, grantId);
    await exchangeCode(flow, code, { code_verifier: "x".repeat(43) });
    expect(await exchangeCode(flow, code)).toMatchObject({ body: { error: "invalid_grant" } });
  });
});

describe("a refresh token", () => {
  test("is replaced at each use, and the new pair works", async () => {
    const { flow, tokens } = await connect();
    const { status, body } = await refresh(flow, tokens.refresh_token);
    expect([status, body["expires_in"], body["scope"]]).toEqual([200, 3600, "mcp"]);
    expect(body["refresh_token"]).not.toBe(tokens.refresh_token);
    expect(await stateOf(body["access_token"] as string)).toBe("active");
    expect((await refresh(flow, body["refresh_token"] as string)).status).toBe(200);
  });

  test("that was spent and comes again ends the whole family", async () => {
    const { flow, tokens } = await connect();
    const second = (await refresh(flow, tokens.refresh_token)).body as unknown as TokenPair;
    expect(await refresh(flow, tokens.refresh_token)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
    expect(await stateOf(second.access_token)).toBe("token_revoked");
    expect((await refresh(flow, second.refresh_token)).status).toBe(400);
    expect(await audits("connector.disconnect")).toBe(1);
  });

  test("works for its client and its resource only, and asking wrongly does not spend it", async () => {
    const { flow, tokens } = await connect();
    const other = await openFlow(serverId);
    expect((await refresh(flow, tokens.refresh_token, { client_id: other.clientId })).status).toBe(400);
    expect(await refresh(flow, tokens.refresh_token, { resource: `${flow.resource}x` })).toMatchObject({
      body: { error: "invalid_target" },
    });
    expect((await refresh(flow, tokens.refresh_token, { resource: `${flow.resource}/` })).status).toBe(200);
  });

  test("ends after thirty days without use, and with its grant", async () => {
    const first = await connect();
    await age(30 * 86_400 + 1);
    expect((await refresh(first.flow, first.tokens.refresh_token)).status).toBe(400);
    const { flow, tokens } = await connect();
    await revokeGrant(admin, grantId);
    expect((await refresh(flow, tokens.refresh_token)).status).toBe(400);
    expect(await stateOf(tokens.access_token)).toBe("revoked");
  });
});

describe("A3 an access token", () => {
  test("ends after an hour, its client renews it", async () => {
    const { flow, tokens } = await connect();
    await age(3601);
    await expect.poll(() => stateOf(tokens.access_token), { timeout: 3000 }).toBe("token_expired");
    const renewed = (await refresh(flow, tokens.refresh_token)).body as unknown as TokenPair;
    expect(await stateOf(renewed.access_token)).toBe("active");
  });

  test("ends at once with Disconnect, once, audited; the grant and other clients go on", async () => {
    const [gone, stays] = [await connect(), await connect()];
    expect(await stateOf(gone.tokens.access_token)).toBe("active");
    const list = await listConnectors(admin, grantId);
    expect(list.map(({ client }) => client)).toEqual([
      { name: "Desk", confirmedBy: null },
      { name: "Desk", confirmedBy: null },
    ]);
    expect((await countConnectors(admin)).get(grantId)).toBe(2);
    const { familyId } = await prisma().oauthToken.findFirstOrThrow({ where: { clientId: gone.flow.clientId } });
    await disconnectConnector(admin, familyId);
    await disconnectConnector(admin, familyId);
    expect((await countConnectors(admin)).get(grantId)).toBe(1);
    expect(await audits("connector.disconnect")).toBe(1);
    expect(await stateOf(gone.tokens.access_token)).toBe("token_revoked");
    expect(await stateOf(stays.tokens.access_token)).toBe("active");
    expect(await listConnectors(admin, grantId)).toHaveLength(1);
  });

  test("disconnected elsewhere is known here within a second without any word of it", async () => {
    const { tokens } = await connect();
    expect(await stateOf(tokens.access_token)).toBe("active");
    await prisma().oauthToken.updateMany({ where: { grantId }, data: { revokedAt: new Date() } });
    await expect.poll(() => stateOf(tokens.access_token), { timeout: 1500 }).toBe("token_revoked");
  });
});

describe("RFC 7009 revocation", () => {
  test("of either token ends the authorisation, for the client that holds it only", async () => {
    for (const kind of ["access_token", "refresh_token"] as const) {
      const { flow, tokens } = await connect();
      await revokeToken(tokens[kind], "somebody else");
      await revokeToken(tokens[kind].slice(0, -1), flow.clientId);
      expect(await stateOf(tokens.access_token)).toBe("active");
      await revokeToken(tokens[kind], flow.clientId);
      expect(await stateOf(tokens.access_token)).toBe("token_revoked");
      expect((await refresh(flow, tokens.refresh_token)).status).toBe(400);
    }
  });
});
