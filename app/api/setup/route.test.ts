import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensureSetupToken, findCtxOf } from "@/lib/auth/auth.server";
import { prisma } from "@/lib/db/db.server";
import { openTestHouse, type TestHouse } from "@/lib/testing/house";
import { apiRequest } from "@/lib/testing/session";
import { POST } from "./route";

let house: TestHouse;
let token = "";

beforeAll(async () => {
  house = await openTestHouse();
  token = (await ensureSetupToken()) ?? "";
});
afterAll(() => house.close());

const person = { organisation: "Acme", name: "Ada", password: "correct horse battery" };
const send = (more: object, headers: Record<string, string | null> = {}) =>
  POST(apiRequest("POST", "/api/setup", { body: { ...person, email: "ada@example.test", token, ...more }, headers }));
const codeOf = async (response: Response) => ((await response.json()) as { error: { code: string } }).error.code;

describe("400", () => {
  test("a short password or a foreign member names the field", async () => {
    const response = await send({ password: "short", role: "admin" });
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as { error: { issues: { path: string }[] } };
    expect(error.issues.map((issue) => issue.path)).toContain("password");
  });
});

describe("403", () => {
  test("A8 without the right token nothing is made", async () => {
    const response = await send({ token: "wrong" });
    expect(response.status).toBe(403);
    expect(await codeOf(response)).toBe("setup_token");
    expect(await prisma().organisation.count()).toBe(0);
  });
  test("A7 a form of another origin does nothing", async () => {
    expect(await codeOf(await send({}, { origin: "https://evil.example" }))).toBe("bad_origin");
  });
});

describe("201 and 409", () => {
  test("A8 of parallel attempts exactly one makes the organisation, its admin and a session", async () => {
    const second = (await ensureSetupToken()) ?? "";
    const responses = await Promise.all([
      send({}),
      send({ email: "bob@example.test" }),
      send({ email: "eve@example.test", token: second }),
    ]);
    expect(responses.map((response) => response.status).sort()).toEqual([201, 409, 409]);
    expect(await prisma().member.findMany({ select: { role: true } })).toEqual([{ role: "admin" }]);
    expect(await prisma().organisation.count()).toBe(1);
    const won = responses.find((response) => response.status === 201);
    const cookie = won?.headers.get("set-cookie")?.split(";")[0] ?? "";
    expect((await findCtxOf(apiRequest("GET", "/", { cookie }), "r"))?.actor).toMatchObject({ role: "admin" });
  });
});

describe("404", () => {
  test("C6 once an admin exists set-up is over, with any token, and no new link is made", async () => {
    expect((await send({ email: "late@example.test" })).status).toBe(404);
    expect((await send({ token: "wrong" })).status).toBe(404);
    expect(await ensureSetupToken()).toBeNull();
  });
});
