import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestHouse, testOrigin, type TestHouse } from "@/lib/testing/house";
import { GET } from "./route";

let house: TestHouse;
beforeAll(async () => {
  house = await openTestHouse();
});
afterAll(() => house.close());

test("200 describes code flow, S256 only, public clients, and says its own name in answers", async () => {
  const response = await GET(new Request(`${testOrigin}/.well-known/oauth-authorization-server`));
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
  expect(await response.json()).toMatchObject({
    issuer: testOrigin,
    authorization_endpoint: `${testOrigin}/oauth/authorize`,
    token_endpoint: `${testOrigin}/oauth/token`,
    registration_endpoint: `${testOrigin}/oauth/register`,
    revocation_endpoint: `${testOrigin}/oauth/revoke`,
    response_types_supported: ["code"],
    code_challenge_methods_supported: ["S256"],
    token_endpoint_auth_methods_supported: ["none"],
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: true,
  });
});
