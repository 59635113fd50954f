import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pool, prisma } from "@/lib/db/db.server";
import { closeEgress } from "@/lib/http/egress.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { approveFlow, connectClient, exchangeCode, openFlow } from "@/lib/testing/connector";
import { createGrantRow, createMember, createOrg, createPolicyRow, createServerRow } from "@/lib/testing/factories";
import { openTestHouse, testOrigin, type TestHouse } from "@/lib/testing/house";
import { revokeGrant } from "./grants.server";
import { findClient, readClient, readClientDocument, registerClient } from "./oauth-clients.server";
import { approveConnector, disconnectConnector, listConnectors, readConsent } from "./oauth.server";

let house: TestHouse;
let admin: Ctx;
let manager: Ctx;
let stranger: Ctx;
let serverId = "";

beforeAll(async () => {
  house = await openTestHouse();
  const orgId = await createOrg();
  admin = await createMember(orgId, "admin");
  manager = await createMember(orgId, "policy_manager");
  stranger = await createMember(await createOrg(), "admin");
  serverId = await createServerRow(orgId, { name: "payments" });
});
afterAll(async () => {
  await closeEgress();
  await house.close();
});

const makeGrant = async () => (await createGrantRow(admin.orgId, { serverId })).grant.id;

describe("the consent page", () => {
  test("says who asks, for what, and which active grants of that server there are", async () => {
    const [active, revoked] = [await makeGrant(), await makeGrant()];
    await revokeGrant(admin, revoked);
    const flow = await openFlow(serverId);
    const consent = await readConsent(admin, flow.query());
    expect(consent).toMatchObject({
      kind: "ask",
      client: { name: "Desk", confirmedBy: null, goesTo: { kind: "loopback", host: "127.0.0.1:41234" } },
      target: { kind: "server", id: serverId, name: "payments" },
      cancelTo: `${flow.redirectUri}?error=access_denied&error_description=the+person+said+no&state=${flow.state}&iss=${encodeURIComponent(testOrigin)}`,
    });
    const ids = consent.kind === "ask" ? consent.grants.map(({ id }) => id) : [];
    expect(ids).toContain(active);
    expect(ids).not.toContain(revoked);
  });

  test("tells those who may not approve whom to ask", async () => {
    const consent = await readConsent(manager, (await openFlow(serverId)).query());
    const { name } = admin.actor as { name: string };
    expect(consent).toMatchObject({ kind: "ask", admins: [name] });
  });

  const lost: [name: string, more: Record<string, string | null>, problem: string][] = [
    ["no client", { client_id: null }, "request"],
    ["an unknown client", { client_id: "0a1b2c3d-0000-4000-8000-000000000001" }, "client_unknown"],
    ["a metadata document that is not there", { client_id: "https://127.0.0.1/client.json" }, "client_unreadable"],
    ["a redirect URI that was not registered", { redirect_uri: "https://evil.example/cb" }, "redirect_unknown"],
    ["no redirect URI", { redirect_uri: null }, "redirect_unknown"],
    ["a script as redirect URI", { redirect_uri: "javascript:alert(1)" }, "redirect_unknown"],
  ];
  test.each(lost)("U4 with %s nothing leads anywhere", async (_name, more, problem) => {
    const consent = await readConsent(admin, (await openFlow(serverId)).query(more));
    expect(consent).toMatchObject({ kind: "refused", problem, client: null, returnTo: null });
  });

  const wrong: [name: string, more: Record<string, string | null>, error: string][] = [
    ["plain PKCE", { code_challenge_method: "plain" }, "invalid_request"],
    ["no PKCE", { code_challenge: null, code_challenge_method: null }, "invalid_request"],
    ["the implicit flow", { response_type: "token" }, "unsupported_response_type"],
    ["no resource", { resource: null }, "invalid_target"],
    ["another site's resource", { resource: "https://evil.example/mcp" }, "invalid_target"],
  ];
  test.each(wrong)("U4 with %s the known client can be told so, by a link", async (_name, more, error) => {
    const consent = await readConsent(admin, (await openFlow(serverId)).query(more));
    expect(consent).toMatchObject({ kind: "refused", problem: "not_allowed", client: { name: "Desk" } });
    const back = new URL((consent.kind === "refused" && consent.returnTo) || "");
    expect([back.searchParams.get("error"), back.searchParams.get("iss")]).toEqual([error, testOrigin]);
  });

  test("A5 another organisation's server looks like one that does not exist", async () => {
    const asked = await readConsent(stranger, (await openFlow(serverId)).query());
    const none = await readConsent(stranger, (await openFlow("0a1b2c3d-0000-4000-8000-000000000001")).query());
    for (const consent of [asked, none]) {
      expect(consent).toMatchObject({ kind: "refused", problem: "server_unknown", description: "" });
      expect(JSON.stringify(consent)).not.toContain("payments");
    }
  });
});

describe("approving", () => {
  test("hands over a grant that exists: the answer says code, state and issuer, the audit row who and what", async () => {
    const grantId = await makeGrant();
    const flow = await openFlow(serverId);
    const { redirectTo } = await approveConnector(admin, {
      request: flow.query(),
      grant: { kind: "existing", grantId },
    });
    const url = new URL(redirectTo);
    expect(url.origin + url.pathname).toBe(flow.redirectUri);
    expect([...url.searchParams.keys()]).toEqual(["code", "state", "iss"]);
    expect(url.searchParams.get("state")).toBe(flow.state);
    const where = { orgId: admin.orgId, action: "connector.approve", object: `grant:${grantId}` };
    const { record } = await prisma().adminAudit.findFirstOrThrow({ where });
    expect(record).toContain(flow.clientId);
    expect(record).not.toContain(url.searchParams.get("code")?.slice(4, 20));
  });

  test("mints a fresh grant on the spot", async () => {
    const policyId = await createPolicyRow(admin.orgId, `version: "1"\ntools: {}\n`);
    const flow = await openFlow(serverId);
    const { redirectTo } = await approveConnector(admin, {
      request: flow.query(),
      grant: { kind: "new", label: "Desk (Ada)", policyId, expiresInDays: 30 },
    });
    const code = new URL(redirectTo).searchParams.get("code") ?? "";
    expect((await exchangeCode(flow, code)).status).toBe(200);
    const grant = await prisma().grant.findFirstOrThrow({ where: { label: "Desk (Ada)" } });
    expect(grant).toMatchObject({ serverId, policyId, revokedAt: null });
    expect(await listConnectors(admin, grant.id)).toMatchObject([{ client: { name: "Desk" }, lastUsedAt: null }]);
  });

  test("A5 is for admins with a session", async () => {
    const request = (await openFlow(serverId)).query();
    const grant = { kind: "existing" as const, grantId: await makeGrant() };
    await expect(approveConnector(manager, { request, grant })).rejects.toMatchObject({ code: "forbidden" });
    const byToken = { ...admin, actor: { ...admin.actor, apiToken: { id: "x", name: "x" } } } as Ctx;
    await expect(approveConnector(byToken, { request, grant })).rejects.toMatchObject({ code: "forbidden" });
  });

  test("U4 refuses a grant of another server or organisation, a revoked one, and a request that was changed", async () => {
    const flow = await openFlow(serverId);
    const otherServer = await createServerRow(admin.orgId);
    const foreign = await createServerRow(stranger.orgId);
    const revoked = await makeGrant();
    await revokeGrant(admin, revoked);
    const ids = [
      (await createGrantRow(admin.orgId, { serverId: otherServer })).grant.id,
      (await createGrantRow(stranger.orgId, { serverId: foreign })).grant.id,
      revoked,
    ];
    for (const grantId of ids) {
      const input = { request: flow.query(), grant: { kind: "existing" as const, grantId } };
      await expect(approveConnector(admin, input)).rejects.toMatchObject({ code: "invalid_input" });
    }
    const grant = { kind: "existing" as const, grantId: await makeGrant() };
    for (const more of [
      { redirect_uri: "https://evil.example/" },
      { code_challenge_method: "plain" },
      { resource: "x" },
    ]) {
      const input = { request: flow.query(more), grant };
      await expect(approveConnector(admin, input)).rejects.toMatchObject({ code: "invalid_input" });
    }
    expect(await prisma().oauthCode.count({ where: { clientId: flow.clientId } })).toBe(0);
  });

  test("A5 another organisation neither lists nor disconnects", async () => {
    const grantId = await makeGrant();
    await connectClient(admin, serverId, grantId);
    const [connector] = await listConnectors(manager, grantId);
    await expect(listConnectors(stranger, grantId)).rejects.toMatchObject({ code: "not_found" });
    await expect(disconnectConnector(stranger, connector?.id ?? "")).rejects.toMatchObject({ code: "not_found" });
    await expect(disconnectConnector(manager, connector?.id ?? "")).rejects.toMatchObject({ code: "forbidden" });
  });
});

describe("registration is bounded", () => {
  const metadata = { name: "Flood", redirectUris: ["http://127.0.0.1/cb"] };

  test("twenty of one address, then it waits", async () => {
    for (let count = 0; count < 20; count += 1) await registerClient(metadata, "flooder");
    await expect(registerClient(metadata, "flooder")).rejects.toMatchObject({ code: "too_many_requests" });
  });

  test("unused clients go after a day, those in use stay", async () => {
    const used = await connectClient(admin, serverId, await makeGrant());
    const { clientId } = await registerClient(metadata, "one");
    await pool().query("UPDATE oauth_client SET created_at = created_at - interval '25 hours'");
    await registerClient(metadata, "two");
    expect(await findClient(clientId)).toBeNull();
    expect(await findClient(used.flow.clientId)).not.toBeNull();
  });

  test("a full table makes room from the unused ones, and else refuses", async () => {
    const insert = `INSERT INTO oauth_client (client_id, source, name, redirect_uris, created_at, last_used_at)
      SELECT 'fill ' || n, 'dcr', 'x', '{}', now() - interval '1 hour', $1::timestamptz FROM generate_series(1, 1000) n`;
    await pool().query(insert, [null]);
    await registerClient(metadata, "three");
    expect(await findClient("fill 1")).toBeNull();
    await pool().query(insert, [new Date()]);
    await expect(registerClient(metadata, "four")).rejects.toMatchObject({ code: "too_many_requests" });
    await pool().query("DELETE FROM oauth_client WHERE client_id LIKE 'fill %'");
  });
});

describe("a client that is described by a document", () => {
  const kinds = ["ok", "huge", "redirect", "html", "other", "status"] as const;
  async function serve(kind: (typeof kinds)[number]) {
    const server = createServer((request, response) => {
      const url = `http://${request.headers.host ?? ""}${request.url ?? ""}`;
      const said = {
        client_id: kind === "other" ? `${url}x` : url,
        client_name: "Cloud",
        redirect_uris: ["https://a.example/"],
      };
      if (kind === "redirect") response.writeHead(302, { location: "/elsewhere" });
      else
        response.writeHead(kind === "status" ? 500 : 200, {
          "content-type": kind === "html" ? "text/html" : "application/json",
        });
      response.end(JSON.stringify({ ...said, filler: "x".repeat(kind === "huge" ? 20_000 : 0) }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/client.json`;
    const read = await readClientDocument(url, { allowPrivateNetwork: true });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    return read;
  }

  test("is read from there", async () => {
    expect(await serve("ok")).toEqual({ ok: true, metadata: { name: "Cloud", redirectUris: ["https://a.example/"] } });
  });

  test.each(kinds.filter((kind) => kind !== "ok"))("U4 is not taken when it answers: %s", async (kind) => {
    expect(await serve(kind)).toMatchObject({ ok: false, error: "invalid_client_metadata" });
  });

  test("U1 is never read from an address inside", async () => {
    for (const host of ["127.0.0.1", "169.254.169.254", "10.0.0.1", "[::1]"]) {
      expect(await readClient(`https://${host}/client.json`)).toHaveProperty("problem");
    }
    expect(await findClient("https://127.0.0.1/client.json")).toBeNull();
  });

  test("on record it may be approved without asking again", async () => {
    const clientId = "https://cloud.example/client.json";
    const redirectUris = ["https://cloud.example/back"];
    await prisma().oauthClient.create({ data: { clientId, source: "cimd", name: "Cloud", redirectUris } });
    const flow = { ...(await openFlow(serverId, redirectUris[0])), clientId };
    const usual = flow.query;
    flow.query = (more) => usual({ client_id: clientId, ...more });
    const grantId = await makeGrant();
    expect((await exchangeCode(flow, await approveFlow(admin, flow, grantId))).status).toBe(200);
    expect(await listConnectors(admin, grantId)).toMatchObject([
      { client: { name: "Cloud", confirmedBy: "cloud.example" } },
    ]);
  });
});
