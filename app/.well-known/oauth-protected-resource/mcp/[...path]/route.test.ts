import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestHouse, testOrigin, type TestHouse } from "@/lib/testing/house";
import { GET } from "./route";

let house: TestHouse;
beforeAll(async () => {
  house = await openTestHouse();
});
afterAll(() => house.close());

const id = "0a1b2c3d-0000-4000-8000-000000000001";
const read = (path: string) => GET(new Request(`${testOrigin}/.well-known/oauth-protected-resource${path}`));

describe("200", () => {
  test.each([`/mcp/${id}`, `/mcp/${id}/`, `/mcp/s/${id}`, `/mcp/s/${id}/`])("%s", async (path) => {
    const response = await read(path);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
    expect(await response.json()).toMatchObject({
      resource: testOrigin + path,
      authorization_servers: [testOrigin],
      bearer_methods_supported: ["header"],
    });
  });
});

describe("404", () => {
  test.each(["/mcp/payments", "/mcp/s/x", `/mcp/x/${id}`, `/mcp/${id}/x`])("%s is plain JSON", async (path) => {
    const response = await read(path);
    expect([response.status, response.headers.get("content-type")]).toEqual([404, "application/json"]);
  });
});
