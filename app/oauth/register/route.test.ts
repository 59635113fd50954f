import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestHouse, testOrigin, type TestHouse } from "@/lib/testing/house";
import { POST } from "./route";

let house: TestHouse;
beforeAll(async () => {
  house = await openTestHouse();
});
afterAll(() => house.close());

const send = (body: unknown, address: string) =>
  POST(
    new Request(`${testOrigin}/oauth/register`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-forwarded-for": address },
      body: JSON.stringify(body),
    }),
  );
const uris = ["http://127.0.0.1:33418/cb"];

describe("201", () => {
  test("a public client, whatever it asked for", async () => {
    const wanted = { client_name: "Desk", redirect_uris: uris, token_endpoint_auth_method: "client_secret_basic" };
    const response = await send(wanted, "a");
    expect([response.status, response.headers.get("cache-control")]).toEqual([201, "no-store"]);
    const said = (await response.json()) as Record<string, unknown>;
    expect(said).toMatchObject({ client_name: "Desk", redirect_uris: uris, token_endpoint_auth_method: "none" });
    expect(said).not.toHaveProperty("client_secret");
  });
});

describe("400", () => {
  test.each([
    [{ redirect_uris: ["javascript:alert(1)"] }, "invalid_redirect_uri"],
    [{ redirect_uris: ["http://evil.example/"] }, "invalid_redirect_uri"],
    [{ redirect_uris: uris, grant_types: ["implicit"] }, "invalid_client_metadata"],
    [[], "invalid_client_metadata"],
  ])("%j", async (body, error) => {
    const response = await send(body, "b");
    expect([response.status, ((await response.json()) as { error: string }).error]).toEqual([400, error]);
  });
});

describe("429", () => {
  test("more than twenty of one address in ten minutes", async () => {
    for (let count = 0; count < 20; count += 1) expect((await send({ redirect_uris: uris }, "c")).status).toBe(201);
    const response = await send({ redirect_uris: uris }, "c");
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "600"]);
    expect(await response.json()).toMatchObject({ error: "temporarily_unavailable" });
    expect((await send({ redirect_uris: uris }, "d")).status).toBe(201);
  });
});
