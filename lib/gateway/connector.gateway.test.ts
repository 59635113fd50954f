import { afterAll, beforeAll, expect, test } from "vitest";
import { prisma } from "@/lib/db/db.server";
import { flushTouchedGrants } from "@/lib/grants/grants.server";
import { disconnectConnector, listConnectors } from "@/lib/grants/oauth.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { connectClient, exchangeCode, refresh } from "@/lib/testing/connector";
import { createMember } from "@/lib/testing/factories";
import { startGatewayStack, type GatewayStack, type StackGrant } from "@/lib/testing/gateway-stack";
import { callOf, mcpPost, textOf } from "@/lib/testing/mcp-post";
import { scriptedTools, startScriptedUpstream, type ScriptedUpstream } from "@/lib/testing/scripted-upstream";

const policy = `
version: "1"
hide: [delete_customer]
tools:
  create_charge:
    rules:
      - name: "max"
        conditions: [{path: args.amount, op: lte, value: 500}]
        on_deny: "Too much"
      - name: "three"
        limit: {max: 3, window: day}
`;

let upstream: ScriptedUpstream;
let stack: GatewayStack;
let admin: Ctx;

beforeAll(async () => {
  upstream = await startScriptedUpstream();
  stack = await startGatewayStack({ upstreamUrl: upstream.url, policy, tools: scriptedTools });
  admin = await createMember(stack.orgId, "admin");
});
afterAll(async () => {
  await stack.close();
  await upstream.close();
});

const add = () => stack.add({ upstreamUrl: upstream.url, policy, tools: scriptedTools });
const connect = (grant: StackGrant) => connectClient(admin, grant.serverId, grant.grantId);
const charge = (url: string, token: string, amount = 1) => mcpPost({ url, token }, callOf("create_charge", { amount }));
const familyOf = async (grant: StackGrant) => (await listConnectors(admin, grant.grantId))[0]?.id ?? "";

test("an access token governs exactly like its grant: same verdicts, same counters, same log", async () => {
  const grant = await add();
  const { tokens } = await connect(grant);
  const token = tokens.access_token;
  expect(textOf(await charge(grant.url, token))).toBe("done");
  expect(textOf(await charge(grant.url, token, 501))).toBe("[POLICYLAYER POLICY DENIED] Too much");
  expect(textOf(await charge(grant.url, grant.token))).toBe("done");
  expect(textOf(await charge(grant.url, token))).toBe("done");
  expect(textOf(await charge(grant.url, token))).toContain("[POLICYLAYER POLICY DENIED]");
  const decisions = (await stack.log(grant)).filter((row) => row.kind === "decision");
  expect(decisions.map((row) => row.decision)).toEqual(["allow", "deny", "allow", "allow", "rate_limited"]);
  await flushTouchedGrants();
  expect((await listConnectors(admin, grant.grantId))[0]?.lastUsedAt).not.toBeNull();
});

test("U6 the access token stays here: the upstream sees neither it nor any Authorization of the client", async () => {
  const grant = await add();
  const { tokens } = await connect(grant);
  const seen = upstream.received.length;
  await charge(grant.url, tokens.access_token);
  const sent = upstream.received.slice(seen).map(({ rawHeaders }) => rawHeaders.join("\n"));
  expect(sent.length).toBeGreaterThan(0);
  expect(sent.join("\n")).not.toMatch(/plo_|authorization/i);
});

test("A3 an access token opens its own server only; codes and refresh tokens open nothing", async () => {
  const [grant, other] = [await add(), await add()];
  const { code, tokens } = await connect(grant);
  expect((await charge(other.url, tokens.access_token)).status).toBe(401);
  expect((await charge(grant.url, tokens.refresh_token)).status).toBe(401);
  expect((await charge(grant.url, code)).status).toBe(401);
});

test("A2 tokens of OAuth are refused in the URL too, also encoded", async () => {
  const grant = await add();
  const { tokens } = await connect(grant);
  for (const value of [tokens.access_token, tokens.refresh_token, tokens.access_token.replace("_", "%5F")]) {
    const answer = await charge(`${grant.url}?x=${value}`, tokens.access_token);
    expect([answer.status, answer.text.includes("token_in_url")]).toEqual([400, true]);
  }
});

const ends: [name: string, end: (grant: StackGrant, all: Awaited<ReturnType<typeof connect>>) => Promise<unknown>][] = [
  ["Disconnect", async (grant) => disconnectConnector(admin, await familyOf(grant))],
  ["the grant's end", (grant) => stack.revoke(grant)],
  ["a code that comes twice", (_, { flow, code }) => exchangeCode(flow, code)],
  [
    "a spent refresh token that comes again",
    async (_, { flow, tokens }) => {
      await refresh(flow, tokens.refresh_token);
      return refresh(flow, tokens.refresh_token);
    },
  ],
  [
    "another process, of which this one hears nothing",
    (grant) => prisma().oauthToken.updateMany({ where: { grantId: grant.grantId }, data: { revokedAt: new Date() } }),
  ],
];
test.each(ends)("A3 after %s the next call within a second gets the one 401", async (_name, end) => {
  const grant = await add();
  const connected = await connect(grant);
  const token = connected.tokens.access_token;
  expect((await charge(grant.url, token)).status).toBe(200);
  await end(grant, connected);
  await expect
    .poll(async () => (await charge(grant.url, token, 501)).status, { timeout: 1200, interval: 50 })
    .toBe(401);
  const refused = await charge(grant.url, token);
  const nobody = await charge(grant.url, "plo_nobody");
  expect(refused.text).toBe(nobody.text);
});

test("A3 an open stream ends within a second of Disconnect, the grant's own stays open", async () => {
  const grant = await add();
  const { tokens } = await connect(grant);
  const open = async (token: string) => {
    const headers = { Authorization: `Bearer ${token}`, Accept: "text/event-stream" };
    const response = await fetch(grant.url, { headers });
    expect(response.status).toBe(200);
    const state = { isOpen: true };
    const ended = () => void (state.isOpen = false);
    response.text().then(ended, ended);
    return state;
  };
  const [connector, own] = [await open(tokens.access_token), await open(grant.token)];
  await disconnectConnector(admin, await familyOf(grant));
  await expect.poll(() => connector.isOpen, { timeout: 1500 }).toBe(false);
  expect(own.isOpen).toBe(true);
});

test("the 401 tells a client where its metadata is, and an expired access token leaves no row in the log", async () => {
  const grant = await add();
  const { tokens } = await connect(grant);
  const gone = new Date(0);
  await prisma().oauthToken.updateMany({ where: { grantId: grant.grantId }, data: { accessExpiresAt: gone } });
  const response = await fetch(grant.url, {
    method: "POST",
    headers: { Authorization: `Bearer ${tokens.access_token}`, "Content-Type": "application/json" },
    body: JSON.stringify(callOf("create_charge", { amount: 1 })),
  });
  const metadata = grant.url.replace("/mcp/", "/.well-known/oauth-protected-resource/mcp/");
  expect([response.status, response.headers.get("www-authenticate")]).toEqual([
    401,
    `Bearer realm="policylayer", error="invalid_token", resource_metadata="${metadata}"`,
  ]);
  await response.body?.cancel();
  expect(await stack.log(grant)).toEqual([]);
});
