import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { prisma } from "@/lib/db/db.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { finishSignIn, getServerAuth, planSignIn, setAuthMode, startSignIn } from "@/lib/servers/servers.server";
import { startIssuer, type IssuerFake } from "@/lib/testing/authorization-server";
import { createMember } from "@/lib/testing/factories";
import { startGatewayStack, type GatewayStack, type StackGrant } from "@/lib/testing/gateway-stack";
import { callOf, mcpPost } from "@/lib/testing/mcp-post";
import { startProtectedUpstream, type ProtectedUpstream } from "@/lib/testing/protected-upstream";

const policy = `
version: "1"
tools:
  ping:
    rules:
      - name: cap
        conditions: [{ path: state.ping.n, op: lte, value: 1000 }]
        state: { counter: n, window: day }
`;

let issuer: IssuerFake;
let upstream: ProtectedUpstream;
let stack: GatewayStack;
let admin: Ctx;
let grant: StackGrant;

beforeAll(async () => {
  issuer = await startIssuer();
  upstream = await startProtectedUpstream(issuer);
  stack = await startGatewayStack({ upstreamUrl: upstream.url, policy, tools: ["ping"] });
  admin = await createMember(stack.orgId, "admin");
});
beforeEach(async () => {
  Object.assign(issuer.mode, { expiresIn: 3600, refresh: "ok", metadata: {}, tokenAnswer: {} });
  Object.assign(upstream.mode, { refuses: false, callScope: null, scope: null });
  upstream.seen.length = 0;
  upstream.executed.length = 0;
  issuer.requests.length = 0;
  grant = await stack.add({ upstreamUrl: upstream.url, policy, tools: ["ping"] });
});
afterAll(async () => {
  await stack.close();
  await Promise.all([issuer.close(), upstream.close()]);
});

async function connect(): Promise<void> {
  const plan = await planSignIn(admin, grant.serverId);
  const { url } = await startSignIn(admin, grant.serverId, { issuer: plan.issuer, scopes: plan.scopes });
  await finishSignIn(admin, { query: await issuer.approve(url) });
  upstream.seen.length = 0;
}

const call = () => mcpPost(grant, callOf("ping", {}));
const renewals = () => issuer.requests.filter((request) => request.form.get("grant_type") === "refresh_token").length;
const stateOf = async () => {
  const { state, reason } = await getServerAuth(admin, grant.serverId);
  return reason === null ? state : `${state} ${reason}`;
};

async function refused() {
  const answer = await call();
  return { isError: answer.json.result?.isError, ...answer.decision };
}

test("a call reaches the server with the token, and the agent sees nothing of it", async () => {
  await connect();
  const answer = await call();
  const token = [...issuer.access.keys()].at(-1) ?? "";
  expect(upstream.executed).toEqual([{ tool: "ping", authorization: `Bearer ${token}` }]);
  expect(answer.text).toContain("done");
  expect(answer.text).not.toContain(token);
});

test("without a connection a call is not sent, its reservation is given back, and the answer says why", async () => {
  await setAuthMode(admin, grant.serverId, { mode: "oauth" });
  expect(await refused()).toMatchObject({ isError: true, reason: "upstream_auth_required", outcome: "void" });
  expect(upstream.seen).toEqual([]);
  expect(await stack.used(grant, "ping.n")).toBe("0");
});

test("fifty calls whose token has just ended cause one renewal, and each runs once", async () => {
  issuer.mode.expiresIn = 1;
  await connect();
  issuer.mode.expiresIn = 3600;
  await expect
    .poll(
      async () =>
        (
          await prisma().$queryRaw<{ ended: boolean }[]>`
          SELECT access_expires_at < now() AS ended FROM server_oauth WHERE server_id = ${grant.serverId}::uuid`
        )[0]?.ended,
      { timeout: 5000 },
    )
    .toBe(true);
  issuer.expire();
  const answers = await Promise.all(Array.from({ length: 50 }, call));
  expect(answers.every((answer) => answer.text.includes("done"))).toBe(true);
  expect(renewals()).toBe(1);
  expect(upstream.executed).toHaveLength(50);
  expect(await stack.used(grant, "ping.n")).toBe("50");
});

test("fifty calls that are refused together cause one renewal, are sent once more, and each runs once", async () => {
  await connect();
  issuer.expire();
  const answers = await Promise.all(Array.from({ length: 50 }, call));
  expect(answers.every((answer) => answer.text.includes("done"))).toBe(true);
  expect(renewals()).toBe(1);
  expect(upstream.executed).toHaveLength(50);
  expect(await stack.used(grant, "ping.n")).toBe("50");
});

test("a server that refuses a fresh token too is asked twice, then needs a new sign-in, and is not asked again", async () => {
  await connect();
  upstream.mode.refuses = true;
  expect(await refused()).toMatchObject({ reason: "upstream_auth_required", outcome: "void" });
  expect(upstream.seen).toHaveLength(2);
  expect(await stateOf()).toBe("reconnect token_refused");
  expect(await refused()).toMatchObject({ reason: "upstream_auth_required" });
  expect(upstream.seen).toHaveLength(2);
  expect(renewals()).toBe(1);
  expect(await stack.used(grant, "ping.n")).toBe("0");
  upstream.mode.refuses = false;
  await connect();
  expect((await call()).text).toContain("done");
});

test("a refused renewal ends the call and the connection", async () => {
  await connect();
  issuer.mode.refresh = "refused";
  issuer.expire();
  expect(await refused()).toMatchObject({ reason: "upstream_auth_required", outcome: "void" });
  expect(await stateOf()).toBe("reconnect refresh_refused");
});

test("more scopes are never taken silently: the call is void, and the next sign-in asks for the union", async () => {
  upstream.mode.scope = "read";
  await connect();
  upstream.mode.callScope = "write";
  expect(await refused()).toMatchObject({ reason: "upstream_auth_required", outcome: "void" });
  expect(await stateOf()).toBe("reconnect insufficient_scope");
  expect(renewals()).toBe(0);
  expect((await planSignIn(admin, grant.serverId)).scopes.sort()).toEqual(["read", "write"]);
  await connect();
  expect((await call()).text).toContain("done");
});

test("U6 a client that sends an upstream's own token gets 401, and the token is never forwarded", async () => {
  await connect();
  const own = [...issuer.access.keys()].at(-1) ?? "";
  for (const authorization of [`Bearer ${own}`, `Bearer ${grant.token}, Bearer ${own}`]) {
    const response = await fetch(grant.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: authorization },
      body: JSON.stringify(callOf("ping", {})),
    });
    expect(response.status).toBe(401);
  }
  expect(upstream.seen).toEqual([]);
});

test("U6 the client's grant token and other credentials never reach the server", async () => {
  await connect();
  await fetch(grant.url, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      Authorization: `Bearer ${grant.token}`,
      Cookie: "session=stolen",
      "X-Api-Key": "stolen",
      "Proxy-Authorization": "Basic stolen",
    },
    body: JSON.stringify(callOf("ping", {})),
  });
  const token = [...issuer.access.keys()].at(-1) ?? "";
  expect(upstream.seen).toEqual([`Bearer ${token}`]);
});
