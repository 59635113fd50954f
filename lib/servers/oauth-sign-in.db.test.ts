import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { prisma } from "@/lib/db/db.server";
import { closeEgress } from "@/lib/http/egress.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { isAppError } from "@/lib/kernel/errors";
import { startIssuer, type IssuerFake, type IssuerMode } from "@/lib/testing/authorization-server";
import { createMember, createOrg, createServerRow } from "@/lib/testing/factories";
import { openTestHouse, testOrigin, type TestHouse } from "@/lib/testing/house";
import { startProtectedUpstream, type ProtectedMode, type ProtectedUpstream } from "@/lib/testing/protected-upstream";
import {
  disconnectServer,
  findUpstream,
  finishSignIn,
  getServer,
  getServerAuth,
  openCredential,
  planSignIn,
  setSignInClient,
  startSignIn,
  updateServer,
} from "./servers.server";

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

interface Scene {
  issuer: IssuerFake;
  upstream: ProtectedUpstream;
  id: string;
}

async function scene(mode: Partial<IssuerMode> = {}, resource: Partial<ProtectedMode> = {}): Promise<Scene> {
  const issuer = await startIssuer(mode);
  const upstream = await startProtectedUpstream(issuer, resource);
  open.push(issuer, upstream);
  const id = await createServerRow(admin.orgId, { url: upstream.url, tools: [] });
  return { issuer, upstream, id };
}

/** Confirms what the plan shows; answers the address that the browser is sent to. */
async function begin(id: string, ctx: Ctx = admin): Promise<string> {
  const { issuer, scopes } = await planSignIn(ctx, id);
  return (await startSignIn(ctx, id, { issuer, scopes })).url;
}

async function connect({ issuer, id }: Scene): Promise<void> {
  await finishSignIn(admin, { query: await issuer.approve(await begin(id)) });
}

/** Code of a refusal, and the fault that its one issue names. */
async function refusal(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!isAppError(error)) return String(error);
  const [issue] = error.issues ?? [];
  return issue?.code === undefined ? error.code : `${error.code} ${issue.code}`;
}

const bearerOf = async (id: string) => {
  const upstream = await findUpstream(id);
  return upstream && (await openCredential(upstream)).authorization;
};

test("a sign-in goes from the challenge to a token of this resource, sealed, and the tools are scanned with it", async () => {
  const all = await scene({}, { scope: "read write" });
  const { issuer, upstream, id } = all;
  const plan = await planSignIn(admin, id);
  expect(plan).toMatchObject({
    upstream: upstream.url,
    resource: upstream.url,
    issuer: issuer.origin,
    opens: new URL(issuer.origin).host,
    scopes: ["read", "write"],
    redirectUri: `${testOrigin}/oauth/upstream/callback`,
    client: { source: "dcr", clientId: null },
  });
  expect(issuer.requests.map((request) => request.path)).not.toContain("/register");
  const url = new URL(await begin(id));
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    response_type: "code",
    redirect_uri: plan.redirectUri,
    code_challenge_method: "S256",
    resource: upstream.url,
    scope: "read write",
  });
  expect(await finishSignIn(admin, { query: await issuer.approve(url.href) })).toEqual({ serverId: id });
  const exchange = issuer.requests.find((request) => request.path === "/token");
  expect(exchange?.form.get("resource")).toBe(upstream.url);
  const [access] = [...issuer.access.keys()];
  expect(await bearerOf(id)).toBe(`Bearer ${access ?? ""}`);
  expect(await getServerAuth(admin, id)).toMatchObject({
    mode: "oauth",
    state: "connected",
    renews: true,
    reason: null,
  });
  expect(await getServer(admin, id)).toMatchObject({ toolCount: 1, lastScanError: null });
  const row = JSON.stringify(await prisma().serverOauth.findUnique({ where: { serverId: id } }));
  for (const token of [...issuer.access.keys(), ...issuer.refresh]) expect(row).not.toContain(token);
});

test("our registration says native for a loopback installation and asks for refresh tokens", async () => {
  const all = await scene();
  await connect(all);
  const [registration] = all.issuer.requests.filter((request) => request.path === "/register");
  expect(JSON.parse(registration?.body ?? "{}")).toMatchObject({
    application_type: "native",
    grant_types: ["authorization_code", "refresh_token"],
    redirect_uris: [`${testOrigin}/oauth/upstream/callback`],
    token_endpoint_auth_method: "client_secret_basic",
  });
  await begin(all.id);
  expect(all.issuer.count("/register")).toBe(1);
});

test.each<[string, Partial<IssuerMode>, string]>([
  ["no S256", { metadata: { code_challenge_methods_supported: ["plain"] } }, "oauth_setup no_s256"],
  ["no PKCE at all", { metadata: { code_challenge_methods_supported: undefined } }, "oauth_setup no_s256"],
  ["another issuer", { metadata: { issuer: "https://evil.example" } }, "oauth_setup issuer_mismatch"],
  ["a javascript: address", { metadata: { authorization_endpoint: "javascript:alert(1)" } }, "oauth_setup endpoint"],
  ["a plain http address", { metadata: { authorization_endpoint: "http://as.example/a" } }, "oauth_setup endpoint"],
  ["a link-local token endpoint", { metadata: { token_endpoint: "http://169.254.169.254/t" } }, "oauth_setup endpoint"],
  ["an unusable registration", { metadata: { registration_endpoint: "file:///x" } }, "oauth_setup endpoint"],
  ["no token endpoint", { metadata: { token_endpoint: undefined } }, "oauth_setup unreadable"],
  ["a redirect", { metadataAnswer: "redirect" }, "oauth_setup no_issuer_metadata"],
  ["a web page", { metadataAnswer: "html" }, "oauth_setup no_issuer_metadata"],
  ["a megabyte", { metadataAnswer: "huge" }, "oauth_setup too_large"],
])("U4 metadata with %s stops before anybody is sent anywhere", async (_, mode, wanted) => {
  const { issuer, id } = await scene(mode);
  expect(await refusal(planSignIn(admin, id))).toBe(wanted);
  expect(issuer.count("/elsewhere") + issuer.count("/register") + issuer.count("/authorize")).toBe(0);
  expect(await getServerAuth(admin, id)).toMatchObject({ mode: "static", state: "none" });
});

test("U4 metadata that never comes ends after ten seconds", async () => {
  const { id } = await scene({ metadataAnswer: "slow" });
  expect(await refusal(planSignIn(admin, id))).toBe("oauth_setup slow");
});

test.each(["https://evil.example/mcp", "http://127.0.0.1:1/mcp"])(
  "U4 metadata of another resource (%s) stops before the authorisation server is asked",
  async (resource) => {
    const { issuer, id } = await scene({}, { metadata: { resource } });
    expect(await refusal(planSignIn(admin, id))).toBe("oauth_setup resource_mismatch");
    expect(issuer.requests).toEqual([]);
  },
);

test("U4 an authorisation server at a private address is not reached while the switch is off", async () => {
  const { issuer, id } = await scene();
  await prisma().server.update({ where: { id }, data: { allowPrivateNetwork: false } });
  expect(await refusal(planSignIn(admin, id))).toBe("oauth_setup blocked");
  expect(issuer.requests).toEqual([]);
});

test.each<[string, IssuerMode["iss"], string]>([
  ["is missing although advertised", "missing", "oauth_sign_in wrong_issuer"],
  ["is another's", { text: "https://evil.example" }, "oauth_sign_in wrong_issuer"],
])("U4 an answer whose iss %s gets no token request", async (_, iss, wanted) => {
  const all = await scene({ iss });
  expect(await refusal(connect(all))).toBe(wanted);
  expect(all.issuer.count("/token")).toBe(0);
  expect(await getServerAuth(admin, all.id)).toMatchObject({ state: "none" });
});

test("U4 iss is compared as text, and also when it was not advertised", async () => {
  const all = await scene({ metadata: { authorization_response_iss_parameter_supported: undefined } });
  all.issuer.mode.iss = { text: `${all.issuer.origin}/` };
  expect(await refusal(connect(all))).toBe("oauth_sign_in wrong_issuer");
  all.issuer.mode.iss = "missing";
  await connect(all);
  expect(await getServerAuth(admin, all.id)).toMatchObject({ state: "connected" });
});

test("U4 mix-up: a code of another authorisation server never reaches the hostile token endpoint", async () => {
  const victim = await startIssuer();
  open.push(victim);
  const all = await scene({ metadata: { authorization_endpoint: `${victim.origin}/authorize` } });
  expect(await refusal(connect(all))).toBe("oauth_sign_in wrong_issuer");
  expect(victim.count("/authorize")).toBe(1);
  expect(all.issuer.count("/token") + victim.count("/token")).toBe(0);
});

test("U4 a state works once", async () => {
  const all = await scene();
  const query = await all.issuer.approve(await begin(all.id));
  await finishSignIn(admin, { query });
  expect(await refusal(finishSignIn(admin, { query }))).toBe("oauth_state");
  expect(all.issuer.count("/token")).toBe(1);
});

test("U4 two answers with one state at the same moment make one token request", async () => {
  const all = await scene();
  const query = await all.issuer.approve(await begin(all.id));
  const ends = await Promise.allSettled([1, 2, 3, 4].map(() => finishSignIn(admin, { query })));
  expect(ends.filter((end) => end.status === "fulfilled")).toHaveLength(1);
  expect(all.issuer.count("/token")).toBe(1);
});

test("U4 a state belongs to one person and one session, and a stranger's try does not use it up", async () => {
  const all = await scene();
  const query = await all.issuer.approve(await begin(all.id));
  const colleague = await createMember(admin.orgId, "admin");
  const stranger = await createMember(await createOrg(), "admin");
  const elsewhere = { ...admin, actor: { ...admin.actor, sessionId: colleague.actor.sessionId } } as Ctx;
  for (const other of [colleague, stranger, elsewhere]) {
    expect(await refusal(finishSignIn(other, { query }))).toBe("oauth_state");
  }
  expect(all.issuer.count("/token")).toBe(0);
  await finishSignIn(admin, { query });
});

test("U4 a state is dead after ten minutes", async () => {
  const all = await scene();
  const query = await all.issuer.approve(await begin(all.id));
  const row = await prisma().serverOauthState.findFirstOrThrow({ where: { serverId: all.id } });
  expect(row.expiresAt.getTime() - row.createdAt.getTime()).toBe(600_000);
  await prisma().serverOauthState.updateMany({ where: { serverId: all.id }, data: { expiresAt: new Date(0) } });
  expect(await refusal(finishSignIn(admin, { query }))).toBe("oauth_state");
  expect(all.issuer.count("/token")).toBe(0);
});

test.each(["", "state=", "code=1", "state=a&state=b&code=1", "state=unknown&code=1"])(
  "U4 a return with the query %j is refused",
  async (query) => {
    expect(await refusal(finishSignIn(admin, { query }))).toBe("oauth_state");
  },
);

test("U4 a code twice, or an answer that also holds a token, is refused and the state is gone", async () => {
  const all = await scene();
  const query = await all.issuer.approve(await begin(all.id));
  expect(await refusal(finishSignIn(admin, { query: `${query}&token=x` }))).toBe("oauth_sign_in wrong_issuer");
  expect(await refusal(finishSignIn(admin, { query }))).toBe("oauth_state");
  const again = await all.issuer.approve(await begin(all.id));
  expect(await refusal(finishSignIn(admin, { query: `${again}&code=other` }))).toMatch(/^oauth_sign_in/);
  expect(all.issuer.count("/token")).toBe(0);
});

test("U4 a refusal at the authorisation server is told as one, without its text", async () => {
  const all = await scene();
  const url = new URL(await begin(all.id));
  const said = new URLSearchParams({
    error: "access_denied",
    error_description: "<script>",
    state: url.searchParams.get("state") ?? "",
    iss: all.issuer.origin,
  });
  expect(await refusal(finishSignIn(admin, { query: said.toString() }))).toBe("oauth_sign_in denied");
});

test.each<[string, Record<string, unknown>]>([
  ["a DPoP token", { token_type: "DPoP" }],
  ["no token", { access_token: undefined }],
  ["a token that would break the header line", { access_token: "a\r\nx-evil: 1" }],
])("U4 %s is not kept", async (_, tokenAnswer) => {
  const all = await scene({ tokenAnswer });
  expect(await refusal(connect(all))).toBe("oauth_sign_in token");
  expect(await getServerAuth(admin, all.id)).toMatchObject({ mode: "static", state: "none" });
});

test("U4 what was confirmed is what is asked for: changed scopes or another issuer are a conflict", async () => {
  const all = await scene({}, { scope: "read" });
  const { issuer, scopes } = await planSignIn(admin, all.id);
  all.upstream.mode.scope = "read admin";
  expect(await refusal(startSignIn(admin, all.id, { issuer, scopes }))).toBe("conflict");
  all.upstream.mode.scope = "read";
  expect(await refusal(startSignIn(admin, all.id, { issuer: "https://evil.example", scopes }))).toBe("conflict");
  expect(await prisma().serverOauthState.count({ where: { serverId: all.id } })).toBe(0);
});

test("U4 a client of one issuer is never shown to another", async () => {
  const all = await scene();
  await connect(all);
  const second = await startIssuer();
  open.push(second);
  all.upstream.mode.metadata = { authorization_servers: [second.origin] };
  await finishSignIn(admin, { query: await second.approve(await begin(all.id)) });
  const clients = await prisma().serverOauthClient.findMany({ where: { serverId: all.id } });
  const [ofFirst] = clients.filter((client) => client.issuer === all.issuer.origin);
  expect(second.count("/register")).toBe(1);
  expect(JSON.stringify(second.requests)).not.toContain(ofFirst?.clientId);
});

test("where nobody can register, an admin's own client is used, by Basic, and its secret stays sealed", async () => {
  const all = await scene({ metadata: { registration_endpoint: undefined } });
  const { issuer, scopes, client } = await planSignIn(admin, all.id);
  expect(client).toEqual({ source: "needed", clientId: null });
  expect(await refusal(startSignIn(admin, all.id, { issuer, scopes }))).toBe("oauth_client_needed");
  const entered = { issuer, clientId: "our-own.id", clientSecret: "canary secret" };
  expect((await setSignInClient(admin, all.id, entered)).client).toEqual({
    issuer,
    clientId: "our-own.id",
    hasSecret: true,
  });
  await connect(all);
  const [exchange] = all.issuer.requests.filter((request) => request.path === "/token");
  const basic = Buffer.from((exchange?.headers.authorization ?? "").replace("Basic ", ""), "base64").toString();
  expect(basic).toBe("our-own.id:canary+secret");
  const stored = JSON.stringify([
    await prisma().serverOauthClient.findMany(),
    (await prisma().adminAudit.findMany()).map((row) => row.record),
  ]);
  expect(stored).not.toContain("canary");
  expect(await refusal(setSignInClient(admin, all.id, { ...entered, issuer: "https://evil.example" }))).toBe(
    "invalid_input",
  );
});

test("a server that publishes no resource metadata is its own issuer, as revision 2025-03-26 has it", async () => {
  const issuer = await startIssuer();
  open.push(issuer);
  const id = await createServerRow(admin.orgId, { url: `${issuer.origin}/mcp`, tools: [] });
  expect(await planSignIn(admin, id)).toMatchObject({
    issuer: issuer.origin,
    resource: `${issuer.origin}/mcp`,
    scopes: [],
  });
});

test("disconnecting deletes the tokens here and takes them back there", async () => {
  const all = await scene();
  await connect(all);
  expect(await disconnectServer(admin, all.id)).toEqual({ revoked: true });
  expect([all.issuer.access.size, all.issuer.refresh.size]).toEqual([0, 0]);
  expect(await getServerAuth(admin, all.id)).toMatchObject({ mode: "oauth", state: "none", issuer: null });
  expect(await refusal(bearerOf(all.id))).toBe("upstream_auth_required");
  expect(await refusal(disconnectServer(admin, all.id))).toBe("not_found");
});

test("disconnecting says whether the other side took the tokens back", async () => {
  const quiet = await scene({ metadata: { revocation_endpoint: undefined } });
  await connect(quiet);
  expect(await disconnectServer(admin, quiet.id)).toEqual({ revoked: null });
  const gone = await scene();
  await connect(gone);
  await gone.issuer.close();
  expect(await disconnectServer(admin, gone.id)).toEqual({ revoked: false });
});

test("a server that moves loses its tokens, and at another origin its clients", async () => {
  const all = await scene();
  await connect(all);
  await updateServer(admin, all.id, { url: `${all.upstream.url}2` });
  expect(await getServerAuth(admin, all.id)).toMatchObject({ state: "none" });
  expect(await prisma().serverOauthClient.count({ where: { serverId: all.id } })).toBe(1);
  await updateServer(admin, all.id, { url: "http://127.0.0.1:9/mcp" });
  expect(await prisma().serverOauthClient.count({ where: { serverId: all.id } })).toBe(0);
});

test("A5 only admins with a session sign in; an API token cannot, nor can one organisation at another's server", async () => {
  const all = await scene();
  const { issuer, scopes } = await planSignIn(admin, all.id);
  const manager = await createMember(admin.orgId, "policy_manager");
  const stranger = await createMember(await createOrg(), "admin");
  const byToken = {
    ...admin,
    actor: { ...admin.actor, sessionId: null, apiToken: { id: "t", name: "t" } },
  } as Ctx;
  expect(await refusal(planSignIn(manager, all.id))).toBe("forbidden");
  expect(await refusal(startSignIn(manager, all.id, { issuer, scopes }))).toBe("forbidden");
  expect(await refusal(startSignIn(byToken, all.id, { issuer, scopes }))).toBe("forbidden");
  expect(await refusal(startSignIn(stranger, all.id, { issuer, scopes }))).toBe("not_found");
  expect(await refusal(getServerAuth(stranger, all.id))).toBe("not_found");
  expect((await getServerAuth(manager, all.id)).state).toBe("none");
});

test("each step leaves an audit row, and none holds a token", async () => {
  const all = await scene();
  await connect(all);
  await disconnectServer(admin, all.id);
  const rows = await prisma().adminAudit.findMany({ where: { object: `server:${all.id}` }, orderBy: { seq: "asc" } });
  const actions = rows.map((row) => row.action).filter((action) => action.startsWith("server.oauth"));
  expect(actions).toEqual(["server.oauth.start", "server.oauth.connect", "server.oauth.disconnect"]);
  const text = JSON.stringify(rows.map((row) => row.record));
  for (const request of all.issuer.requests) {
    for (const secret of ["code", "code_verifier", "token"]) {
      const value = request.form.get(secret);
      if (value !== null) expect(text).not.toContain(value);
    }
  }
});
