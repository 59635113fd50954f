import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findGrantByToken } from "@/lib/grants/grants.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { connectClient } from "@/lib/testing/connector";
import { createGrantRow, createMember, createOrg, createServerRow } from "@/lib/testing/factories";
import { openTestHouse, testOrigin, type TestHouse } from "@/lib/testing/house";
import { POST } from "./route";

let house: TestHouse;
let admin: Ctx;
beforeAll(async () => {
  house = await openTestHouse();
  admin = await createMember(await createOrg(), "admin");
});
afterAll(() => house.close());

const send = (fields: Record<string, string>) =>
  POST(new Request(`${testOrigin}/oauth/revoke`, { method: "POST", body: new URLSearchParams(fields) }));

async function connect() {
  const serverId = await createServerRow(admin.orgId);
  return connectClient(admin, serverId, (await createGrantRow(admin.orgId, { serverId })).grant.id);
}

describe("200", () => {
  test("ends the authorisation; an unknown token is answered alike", async () => {
    const { flow, tokens } = await connect();
    const stateOf = async () => (await findGrantByToken(tokens.access_token))?.state;
    expect((await send({ token: "plo_x", client_id: flow.clientId })).status).toBe(200);
    expect((await send({ token: tokens.refresh_token, client_id: "another" })).status).toBe(200);
    expect(await stateOf()).toBe("active");
    const response = await send({
      token: tokens.refresh_token,
      client_id: flow.clientId,
      token_type_hint: "refresh_token",
    });
    expect([response.status, await response.text(), response.headers.get("cache-control")]).toEqual([
      200,
      "",
      "no-store",
    ]);
    expect(await stateOf()).toBe("token_revoked");
  });
});

describe("400", () => {
  test("without token or client", async () => {
    const { flow, tokens } = await connect();
    for (const fields of [{ token: tokens.refresh_token }, { client_id: flow.clientId }, {}]) {
      const response = await send(fields);
      expect([response.status, ((await response.json()) as { error: string }).error]).toEqual([400, "invalid_request"]);
    }
  });
});
