import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ServerDto } from "@/lib/servers/schema";
import { openTestHouse, type TestHouse } from "@/lib/testing/house";
import { startMcpFake, type McpFake } from "@/lib/testing/mcp-fake";
import { createPeople, jsonOf, refusalOf, type ErrorAnswer, type People } from "@/lib/testing/people";
import { apiRequest } from "@/lib/testing/session";
import { GET, POST } from "./route";

let house: TestHouse;
let people: People;
let upstream: McpFake;

beforeAll(async () => {
  house = await openTestHouse();
  people = await createPeople();
  upstream = await startMcpFake();
});
afterAll(async () => {
  await upstream.close();
  await house.close();
});

const input = (more = {}) => ({ name: "Payments", url: upstream.url, allowPrivateNetwork: true, ...more });
const post = (body: unknown, cookie: string | null = people.admin.cookie, headers = {}) =>
  POST(apiRequest("POST", "/api/servers", { cookie, body, headers }));

describe("201 and 200", () => {
  test("a created server is scanned and listed, without its header values", async () => {
    const headers = [{ name: "X-Api-Key", value: "canary" }];
    const made = await post(input({ headers }));
    expect(made.status).toBe(201);
    const server = await jsonOf<ServerDto>(made);
    expect(server).toMatchObject({ name: "Payments", toolCount: 1, headerNames: ["X-Api-Key"], lastScanError: null });
    const listed = await GET(apiRequest("GET", "/api/servers", { cookie: people.viewer.cookie }));
    const text = await listed.text();
    expect(JSON.parse(text)).toEqual([server]);
    expect(text).not.toContain("canary");
  });
});

describe("400", () => {
  test.each([
    ["no name", { name: " " }, "name"],
    ["not a URL", { url: "nowhere" }, "url"],
    ["another scheme", { url: "ftp://example.com" }, "url"],
    ["an address that is not allowed", { allowPrivateNetwork: false }, "url"],
    ["a header of the gateway's", { headers: [{ name: "Mcp-Session-Id", value: "x" }] }, "headers.0.name"],
    ["a header value with a line break", { headers: [{ name: "x", value: "a\r\nb: c" }] }, "headers.0.value"],
  ])("%s names the field", async (_, more, path) => {
    const response = await post(input({ name: "Other", ...more }));
    expect(response.status).toBe(400);
    const { error } = await jsonOf<ErrorAnswer>(response);
    expect(error).toMatchObject({ code: "invalid_input", status: 400, issues: [{ path }] });
    expect(response.headers.get("x-request-id")).toBe(error.requestId);
  });
  test("a body that is not JSON is refused before it is looked at", async () => {
    const { cookie } = people.admin;
    const request = new Request(apiRequest("POST", "/api/servers", { cookie, body: {} }), { body: "{" });
    expect(await refusalOf(await POST(request))).toEqual({ status: 400, code: "syntax" });
  });
});

describe("401, 403", () => {
  test("signed out, and a policy manager", async () => {
    expect(await refusalOf(await post(input(), null))).toEqual({ status: 401, code: "unauthenticated" });
    expect(await refusalOf(await post(input(), people.policy_manager.cookie))).toEqual({
      status: 403,
      code: "forbidden",
    });
  });
});

describe("409", () => {
  test("a name that is in use", async () => {
    expect(await refusalOf(await post(input()))).toEqual({ status: 409, code: "name_taken" });
  });
});

describe("413, 415", () => {
  test("a body over 1 MiB, announced or not, and one that is no JSON by its type", async () => {
    const large = { ...input(), name: "x".repeat(1_100_000) };
    expect(await refusalOf(await post(large))).toEqual({ status: 413, code: "too_large" });
    expect(await refusalOf(await post(large, undefined, { "content-length": "10" }))).toEqual({
      status: 413,
      code: "too_large",
    });
    const form = { "content-type": "application/x-www-form-urlencoded" };
    expect(await refusalOf(await post(input(), undefined, form))).toEqual({ status: 415, code: "content_type" });
  });
});
