import { randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mintApiToken } from "@/lib/auth/auth.server";
import { prisma } from "@/lib/db/db.server";
import { listConnectors } from "@/lib/grants/oauth.server";
import { roles, type Role } from "@/lib/kernel/ctx";
import { connectClient } from "@/lib/testing/connector";
import {
  createBundleRow,
  createGrantRow,
  createPolicyRow,
  createServerRow,
  plainDigest,
} from "@/lib/testing/factories";
import { openTestHouse, type TestHouse } from "@/lib/testing/house";
import { createPeople, type People } from "@/lib/testing/people";
import { apiRequest, type RequestOptions } from "@/lib/testing/session";
import type { RouteHandler } from "./route.server";

const folder = path.resolve("app/api");
const callers = ["signedOut", "viewer", "policy_manager", "admin", "stranger"] as const;
type Caller = (typeof callers)[number];
type Statuses = readonly [signedOut: number, viewer: number, policyManager: number, admin: number, stranger: number];

/** Ids of things that exist in the organisation, made anew for each case. */
interface Things {
  id: string;
  name: string;
  version: string;
  decisionId: string;
  serverId: string;
  /** A server that no bundle holds. */
  freeServerId: string;
  policyId: string;
  grantId: string;
  /** Query of an authorisation request for the server. */
  request: string;
}

interface Row {
  statuses: Statuses;
  make?: "server" | "bundle" | "policy" | "grant" | "apiToken" | "connector";
  body?: (things: Things) => object;
  query?: string;
  /** Audit rows of a successful call. */
  audits?: number;
  /** Only with a session: an API token of any role gets 403. */
  noToken?: true;
}

const yaml = `version: "1"\ntools:\n  create_charge: { rules: [] }\n`;
const name = () => `canary ${randomUUID()}`;
const read: Statuses = [401, 200, 200, 200, 200];
const readOne: Statuses = [401, 200, 200, 200, 404];

/** Who may do what at which route. A route that is not in this table fails below. */
const table: Record<string, Row> = {
  "GET session": { statuses: read },
  "GET overview": { statuses: read },
  "GET events": { statuses: read, query: "?topics=calls", noToken: true },
  "GET logs": { statuses: read },
  "GET logs/integrity": { statuses: read },
  "GET logs/[decisionId]": { statuses: [401, 404, 404, 404, 404] },
  "GET servers": { statuses: read },
  "POST servers": {
    statuses: [401, 403, 403, 201, 201],
    body: () => ({ name: name(), url: "http://127.0.0.1:9/mcp", allowPrivateNetwork: true }),
    audits: 1,
  },
  "GET servers/[id]": { statuses: readOne, make: "server" },
  "PATCH servers/[id]": {
    statuses: [401, 403, 403, 200, 404],
    make: "server",
    body: () => ({ enabled: false }),
    audits: 1,
  },
  "DELETE servers/[id]": { statuses: [401, 403, 403, 204, 404], make: "server", audits: 1 },
  "POST servers/[id]/scan": { statuses: [401, 403, 502, 502, 404], make: "server" },
  "GET servers/[id]/tools": { statuses: readOne, make: "server" },
  "PATCH servers/[id]/tools/[name]": {
    statuses: [401, 403, 200, 200, 404],
    make: "server",
    body: () => ({ category: "destructive", reason: "x" }),
    audits: 1,
  },
  "GET servers/[id]/review": { statuses: readOne, make: "server" },
  "POST servers/[id]/review": {
    statuses: [401, 403, 200, 200, 404],
    make: "server",
    body: () => ({
      decision: "accept",
      tools: [{ name: "create_charge", digest: plainDigest("create_charge") }],
      reason: "",
    }),
    audits: 1,
  },
  "GET servers/[id]/scaffold": { statuses: readOne, make: "server", query: "?safe=true" },
  "PUT servers/[id]/headers/[name]": {
    statuses: [401, 403, 403, 200, 404],
    make: "server",
    body: () => ({ value: "secret" }),
    audits: 1,
  },
  "DELETE servers/[id]/headers/[name]": { statuses: [401, 403, 403, 200, 404], make: "server", audits: 1 },
  "GET servers/[id]/oauth": { statuses: readOne, make: "server" },
  "PATCH servers/[id]/oauth": {
    statuses: [401, 403, 403, 200, 404],
    make: "server",
    body: () => ({ mode: "oauth" }),
    audits: 1,
  },
  // The servers of these rows cannot be reached, so a sign-in stops at the first question.
  "POST servers/[id]/oauth/start": {
    statuses: [401, 403, 403, 502, 404],
    make: "server",
    body: () => ({ issuer: "https://as.example", scopes: [] }),
    noToken: true,
  },
  "PUT servers/[id]/oauth/client": {
    statuses: [401, 403, 403, 502, 404],
    make: "server",
    body: () => ({ issuer: "https://as.example", clientId: "x", clientSecret: "canary secret" }),
  },
  "DELETE servers/[id]/oauth/client": { statuses: [401, 403, 403, 404, 404], make: "server" },
  "POST servers/[id]/oauth/disconnect": { statuses: [401, 403, 403, 404, 404], make: "server" },
  "POST oauth/upstream/callback": {
    statuses: [401, 403, 403, 400, 400],
    body: () => ({ query: "state=x&code=x" }),
    noToken: true,
  },
  "GET policies": { statuses: read },
  "POST policies": {
    statuses: [401, 403, 201, 201, 201],
    body: () => ({ name: name(), text: yaml }),
    audits: 1,
  },
  "POST policies/check": { statuses: read, body: () => ({ text: yaml }) },
  "GET policies/[id]": { statuses: readOne, make: "policy" },
  "GET policies/[id]/versions/[version]": { statuses: readOne, make: "policy" },
  "POST policies/[id]/replay": { statuses: readOne, make: "policy", body: () => ({ text: yaml }) },
  "GET policies/[id]/coverage": { statuses: readOne, make: "policy" },
  "POST policies/[id]/publish": {
    statuses: [401, 403, 200, 200, 404],
    make: "policy",
    body: () => ({ baseVersion: 1, text: yaml }),
    audits: 1,
  },
  "GET grants": { statuses: read },
  "POST grants": {
    statuses: [401, 403, 403, 201, 400],
    body: ({ serverId }) => ({ label: name(), serverId, policyId: null, expiresInDays: null }),
    audits: 1,
  },
  "GET grants/[id]": { statuses: readOne, make: "grant" },
  "POST grants/[id]/revoke": { statuses: [401, 403, 403, 200, 404], make: "grant", audits: 1 },
  "PUT grants/[id]/policy": {
    statuses: [401, 403, 200, 200, 404],
    make: "grant",
    body: ({ policyId }) => ({ policyId }),
    audits: 1,
  },
  "POST connectors": {
    statuses: [401, 403, 403, 201, 400],
    make: "connector",
    body: ({ request, grantId }) => ({ request, grant: { kind: "existing", grantId } }),
    audits: 1,
    noToken: true,
  },
  "DELETE connectors/[id]": { statuses: [401, 403, 403, 204, 404], make: "connector", audits: 1 },
  "GET bundles": { statuses: read },
  "POST bundles": { statuses: [401, 403, 403, 201, 201], body: () => ({ name: name() }), audits: 1 },
  "GET bundles/[id]": { statuses: readOne, make: "bundle" },
  "PATCH bundles/[id]": {
    statuses: [401, 403, 403, 200, 404],
    make: "bundle",
    body: () => ({ enabled: false }),
    audits: 1,
  },
  "DELETE bundles/[id]": { statuses: [401, 403, 403, 204, 404], make: "bundle", audits: 1 },
  "POST bundles/[id]/members": {
    statuses: [401, 403, 403, 201, 404],
    make: "bundle",
    body: ({ policyId, freeServerId }) => ({ serverId: freeServerId, prefix: "free", policyId }),
    audits: 1,
  },
  "PATCH bundles/[id]/members/[serverId]": {
    statuses: [401, 403, 403, 200, 404],
    make: "bundle",
    body: () => ({ prefix: "other" }),
    audits: 1,
  },
  "DELETE bundles/[id]/members/[serverId]": { statuses: [401, 403, 403, 200, 404], make: "bundle", audits: 1 },
  "PUT bundles/[id]/members/[serverId]/policy": {
    statuses: [401, 403, 200, 200, 404],
    make: "bundle",
    body: ({ policyId }) => ({ policyId }),
    audits: 1,
  },
  "PUT bundles/[id]/order": {
    statuses: [401, 403, 403, 200, 404],
    make: "bundle",
    body: ({ serverId }) => ({ serverIds: [serverId] }),
    audits: 1,
  },
  "GET api-tokens": { statuses: read },
  "POST api-tokens": {
    statuses: [401, 201, 201, 201, 201],
    body: () => ({ name: name(), role: "viewer", expiresInDays: 30 }),
    audits: 1,
    noToken: true,
  },
  // The token in question is an admin's own.
  "POST api-tokens/[id]/revoke": { statuses: [401, 404, 404, 200, 404], make: "apiToken", audits: 1, noToken: true },
  // Open to everybody by their nature; the first closes itself once an admin exists.
  "POST setup": {
    statuses: [404, 404, 404, 404, 404],
    body: () => ({ token: "x", organisation: "x", name: "x", email: "x@example.test", password: "x".repeat(12) }),
  },
  // next-auth's own routes answer only inside Next; lib/auth/next-auth.db.test.ts calls them.
  "GET auth/[...nextauth]": { statuses: [0, 0, 0, 0, 0] },
  "POST auth/[...nextauth]": { statuses: [0, 0, 0, 0, 0] },
};

const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
  (file) => path.basename(file) === "route.ts",
);
const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
const handlers = new Map<string, RouteHandler>();
let house: TestHouse;
let people: People;

beforeAll(async () => {
  house = await openTestHouse();
  people = await createPeople();
  for (const file of files) {
    const exported = (await import(pathToFileURL(path.join(folder, file)).href)) as Record<string, RouteHandler>;
    const route = path.dirname(file).split(path.sep).join("/");
    for (const method of methods) if (exported[method]) handlers.set(`${method} ${route}`, exported[method]);
  }
});
afterAll(() => house.close());

async function make(kind: Row["make"]): Promise<Things> {
  const { orgId } = people;
  const serverId = await createServerRow(orgId, {
    name: name(),
    tools: ["create_charge", "x-canary"],
    headers: { "x-canary": "canary secret" },
  });
  const policyId = await createPolicyRow(orgId, yaml, name());
  const takesGrant = kind === "grant" || kind === "connector";
  const grantId = takesGrant ? (await createGrantRow(orgId, { serverId, label: name() })).grant.id : "";
  const connector = kind === "connector" ? await makeConnector(serverId, grantId) : { id: "", request: "" };
  const apiTokenId = kind === "apiToken" ? (await mintAs("viewer")).apiToken.id : "";
  const bundleId = kind === "bundle" ? await createBundleRow(orgId, name(), [{ serverId, prefix: "a" }]) : "";
  const freeServerId = kind === "bundle" ? await createServerRow(orgId, { name: name() }) : "";
  const id = {
    server: serverId,
    bundle: bundleId,
    policy: policyId,
    grant: grantId,
    apiToken: apiTokenId,
    connector: connector.id,
  }[kind ?? "server"];
  return {
    id,
    name: "x-canary",
    version: "1",
    decisionId: randomUUID(),
    serverId,
    freeServerId,
    policyId,
    grantId,
    request: connector.request,
  };
}

/** A client that holds tokens of the grant, and what it would ask for next. */
async function makeConnector(serverId: string, grantId: string) {
  const { flow } = await connectClient(people.admin.ctx, serverId, grantId);
  const [connector] = await listConnectors(people.admin.ctx, grantId);
  return { id: connector?.id ?? "", request: flow.query() };
}

/** An API token of that role, of the admin. */
const mintAs = (role: Role) => mintApiToken(people.admin.ctx, { name: name(), role, expiresInDays: 1 });

const auditRows = () => prisma().adminAudit.count({ where: { orgId: people.orgId } });

const sessionOf = (caller: Caller) => ({ cookie: caller === "signedOut" ? null : people[caller].cookie });

async function call(key: string, row: Row, who: RequestOptions, things: Things): Promise<Response> {
  const [method = "", route = ""] = key.split(" ");
  const at = route.replace(/\[(\w+)\]/g, (_, part: keyof Things) => things[part]);
  const body = row.body?.(things);
  const request = apiRequest(method, `/api/${at}${row.query ?? ""}`, { ...who, ...(body ? { body } : {}) });
  const names = [...route.matchAll(/\[(\w+)\]/g)].map((match) => match[1] as keyof Things);
  const params = Promise.resolve(Object.fromEntries(names.map((part) => [part, things[part]])));
  const handler = handlers.get(key);
  if (!handler) throw new Error(`no handler ${key}`);
  return handler(request, { params });
}

/** Outside `app/api`: called by programs, open by their nature, with answers of their protocols. Each has its own `route.test.ts`. */
const protocolRoutes = [
  ".well-known/oauth-authorization-server",
  ".well-known/oauth-protected-resource/mcp/[...path]",
  "client-metadata.json",
  "mcp/[serverId]",
  "mcp/s/[bundleId]",
  "oauth/register",
  "oauth/revoke",
  "oauth/token",
];

test("A5 route files elsewhere are the known ones, which need neither session nor role", () => {
  const elsewhere = readdirSync("app", { recursive: true, encoding: "utf8" })
    .filter((file) => path.basename(file) === "route.ts" && !file.startsWith(`api${path.sep}`))
    .map((file) => path.dirname(file).split(path.sep).join("/"));
  expect(elsewhere.sort()).toEqual([...protocolRoutes].sort());
});

test("A5 every route file and method has a row in the table, and every row a route", () => {
  expect([...handlers.keys()].sort()).toEqual(Object.keys(table).sort());
});

describe.each(Object.entries(table).filter(([, row]) => row.statuses[0] !== 0))("A5 %s", (key, row) => {
  test.each(callers.map((caller, index) => [caller, row.statuses[index]] as const))(
    "%s gets %i",
    async (caller, status) => {
      const things = await make(row.make);
      const before = await auditRows();
      const response = await call(key, row, sessionOf(caller), things);
      const text = key === "GET events" ? "" : await response.text();
      await response.body?.cancel().catch(() => undefined);
      expect([response.status, text.slice(0, 200)]).toEqual([status, expect.anything()]);
      expect(response.headers.get("cache-control")).toContain("no-store");
      const isOwn = caller !== "signedOut" && caller !== "stranger";
      const made = isOwn && (status ?? 500) < 300 ? (row.audits ?? 0) : 0;
      expect((await auditRows()) - before, "audit rows").toBe(made);
      expect(text).not.toContain("canary secret");
      if ((status ?? 0) >= 400 || (caller === "stranger" && !key.startsWith("POST")))
        expect(text).not.toContain("canary");
    },
  );

  test("A5 what does not look like an id does not exist", async () => {
    if (!key.includes("[")) return;
    const things = { ...(await make(row.make)), id: "../x", decisionId: "x" };
    expect((await call(key, row, sessionOf("admin"), things)).status).toBe(404);
  });

  test("A5 an admin's API token of a role may what that role may, without cookie and Origin, and no more", async () => {
    for (const [index, role] of roles.entries()) {
      const { token } = await mintAs(role);
      const things = await make(row.make);
      const who = { headers: { authorization: `Bearer ${token}`, origin: null } };
      const response = await call(key, row, who, things);
      await response.body?.cancel();
      const isPublic = key === "POST setup";
      expect(response.status, role).toBe(isPublic || row.noToken ? 403 : row.statuses[index + 1]);
    }
  });
});

test.each(Object.keys(table).filter((key) => !key.startsWith("GET")))(
  "A7 %s refuses a foreign or missing origin",
  async (key) => {
    const [method = ""] = key.split(" ");
    const { cookie } = people.admin;
    for (const origin of ["https://evil.example", "null", "http://localhost:4998", null]) {
      const request = apiRequest(method, "/api/x", { cookie, body: {}, headers: { origin } });
      const response = await handlers.get(key)?.(request, { params: Promise.resolve({}) });
      expect(response?.status).toBe(403);
      expect(await response?.text()).toContain("bad_origin");
    }
  },
);

test("A5 a role in the body changes nothing", async () => {
  const body = { name: name(), url: "http://127.0.0.1:9/", allowPrivateNetwork: true, role: "admin" };
  const request = apiRequest("POST", "/api/servers", { cookie: people.viewer.cookie, body });
  expect((await handlers.get("POST servers")?.(request))?.status).toBe(403);
});
