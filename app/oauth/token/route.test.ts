import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Ctx } from "@/lib/kernel/ctx";
import { approveFlow, openFlow, type ConnectorFlow } from "@/lib/testing/connector";
import { createGrantRow, createMember, createOrg, createServerRow } from "@/lib/testing/factories";
import { openTestHouse, testOrigin, type TestHouse } from "@/lib/testing/house";
import { POST } from "./route";

let house: TestHouse;
let admin: Ctx;
let serverId = "";
let grantId = "";

beforeAll(async () => {
  house = await openTestHouse();
  admin = await createMember(await createOrg(), "admin");
  serverId = await createServerRow(admin.orgId);
  grantId = (await createGrantRow(admin.orgId, { serverId })).grant.id;
});
afterAll(() => house.close());

/** As a program sends it: no Origin, no cookie. */
const send = (body: string, type = "application/x-www-form-urlencoded") =>
  POST(new Request(`${testOrigin}/oauth/token`, { method: "POST", headers: { "content-type": type }, body }));

const formOf = ({ clientId, redirectUri, verifier, resource }: ConnectorFlow, code: string) =>
  new URLSearchParams({
    grant_type: "authorization_code",
    code,
    client_id: clientId,
    redirect_uri: redirectUri,
    code_verifier: verifier,
    resource,
  }).toString();

describe("200", () => {
  test("tokens in JSON that no cache keeps", async () => {
    const flow = await openFlow(serverId);
    const response = await send(formOf(flow, await approveFlow(admin, flow, grantId)));
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toMatchObject({ token_type: "Bearer", expires_in: 3600 });
  });
});

describe("400", () => {
  test("a wrong code, and fields that stand twice", async () => {
    const flow = await openFlow(serverId);
    const form = formOf(flow, await approveFlow(admin, flow, grantId));
    const refused = await send(form.replace(/code=plc_\w/, "code=plc_"));
    expect([refused.status, refused.headers.get("cache-control")]).toEqual([400, "no-store"]);
    expect(await refused.json()).toMatchObject({ error: "invalid_grant" });
    const doubled = await send(`${form}&client_id=x`);
    expect([doubled.status, ((await doubled.json()) as { error: string }).error]).toEqual([400, "invalid_request"]);
    expect((await send(form)).status).toBe(200);
  });
});

describe("413 and 415", () => {
  test("a body without end, and JSON", async () => {
    expect((await send(`x=${"y".repeat(20_000)}`)).status).toBe(413);
    const json = await send("{}", "application/json");
    expect([json.status, ((await json.json()) as { error: string }).error]).toEqual([415, "invalid_request"]);
  });
});
