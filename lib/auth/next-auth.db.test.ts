import NextAuth from "next-auth";
import { afterAll, beforeAll, expect, test } from "vitest";
import { prisma } from "@/lib/db/db.server";
import { setRuntime } from "@/lib/env/env.server";
import { createOrg, createSystemCtx } from "@/lib/testing/factories";
import { openTestHouse, testOrigin, type TestHouse } from "@/lib/testing/house";
import { apiRequest } from "@/lib/testing/session";
import { authOptions, createMember, findCtxOf } from "./auth.server";

let house: TestHouse;
const email = "ada@example.test";
const password = "correct horse battery";

beforeAll(async () => {
  house = await openTestHouse();
  const system = await createSystemCtx(await createOrg());
  await createMember(system, { name: "Ada", email, password, role: "viewer" });
});
afterAll(() => house.close());

interface Reply {
  status: number;
  body: Record<string, string>;
  cookies: string[];
}

/** Calls next-auth as its Pages Router form: the same core as the App Router form, without Next around it. */
async function call(
  method: string,
  path: string[],
  jar: Map<string, string>,
  body: Record<string, string> = {},
): Promise<Reply> {
  const reply: Reply = { status: 200, body: {}, cookies: [] };
  const keep = (value: unknown) => {
    if (typeof value === "object" && value !== null) reply.body = value as Record<string, string>;
  };
  const response = {
    status(status: number) {
      reply.status = status;
      return response;
    },
    getHeader: () => reply.cookies,
    setHeader(name: string, value: string | string[]) {
      if (name.toLowerCase() === "set-cookie") reply.cookies = [value].flat();
    },
    json: keep,
    send: keep,
    end: () => undefined,
  };
  const headers = { "x-forwarded-for": "203.0.113.9", "user-agent": "browser", cookie: "" };
  const request = { method, query: { nextauth: path }, headers, cookies: Object.fromEntries(jar), body };
  await (NextAuth as (request: unknown, response: unknown, options: unknown) => Promise<void>)(
    request,
    response,
    authOptions(),
  );
  for (const line of reply.cookies) {
    const [name = "", value = ""] = (line.split(";")[0] ?? "").split(/=(.*)/s);
    if (value === "") jar.delete(name);
    else jar.set(name, decodeURIComponent(value));
  }
  return reply;
}

async function signIn(jar: Map<string, string>, fields: Record<string, string>): Promise<Reply> {
  const { csrfToken = "" } = (await call("GET", ["csrf"], jar)).body;
  return call("POST", ["callback", "credentials"], jar, { csrfToken, json: "true", ...fields });
}

const ctxOf = (jar: Map<string, string>) =>
  findCtxOf(apiRequest("GET", "/", { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; ") }), "r");

test("signing in by next-auth gives a cookie that our own check accepts; signing out ends it in the database", async () => {
  const jar = new Map<string, string>();
  const reply = await signIn(jar, { email, password });
  expect(reply.status).toBe(200);
  const line = reply.cookies.find((cookie) => cookie.startsWith("policylayer.session=")) ?? "";
  expect(line).toMatch(/HttpOnly/i);
  expect(line).toMatch(/SameSite=Lax/i);
  const ctx = await ctxOf(jar);
  expect(ctx?.actor).toMatchObject({ email, role: "viewer" });
  const row = await prisma().consoleSession.findFirstOrThrow({ where: { user: { email } } });
  expect(row).toMatchObject({ address: "203.0.113.9", userAgent: "browser" });
  expect((await call("GET", ["session"], jar)).body).toHaveProperty("expires");

  const stolen = new Map(jar);
  const { csrfToken = "" } = (await call("GET", ["csrf"], jar)).body;
  await call("POST", ["signout"], jar, { csrfToken, json: "true" });
  expect(await ctxOf(jar)).toBeNull();
  expect(await ctxOf(stolen)).toBeNull();
  expect((await call("GET", ["session"], stolen)).body).toEqual({});
});

test("every failure has one text, and being limited another", async () => {
  const ends: string[] = [];
  for (const fields of [{ email, password: "wrong" }, { email: "nobody@example.test", password }, {}]) {
    const reply = await signIn(new Map(), fields);
    expect(reply.status).toBe(401);
    ends.push(new URL(reply.body["url"] ?? "", testOrigin).searchParams.get("error") ?? "");
  }
  expect(ends).toEqual(["CredentialsSignin", "CredentialsSignin", "CredentialsSignin"]);
  let last: Reply | null = null;
  for (let index = 0; index < 6; index += 1) last = await signIn(new Map(), { email, password: "wrong" });
  expect(last?.body["url"]).toContain("error=too_many_requests");
});

test("A7 signing in without the CSRF token of this browser does nothing", async () => {
  const jar = new Map<string, string>();
  await call("POST", ["callback", "credentials"], jar, { csrfToken: "x", email, password, json: "true" });
  expect(await ctxOf(jar)).toBeNull();
});

test("A7 over https the cookie is bound to this host and never sent in clear", () => {
  setRuntime({ port: 4999, publicUrl: "https://policylayer.example" });
  const { cookies, useSecureCookies } = authOptions();
  setRuntime({ port: 4999, publicUrl: testOrigin });
  expect(cookies?.sessionToken).toEqual({
    name: "__Host-policylayer.session",
    options: { httpOnly: true, sameSite: "lax", path: "/", secure: true },
  });
  expect(useSecureCookies).toBe(true);
});

test("a foreign callback URL leads home", async () => {
  const redirect = authOptions().callbacks?.redirect;
  const go = async (url: string) => redirect?.({ url, baseUrl: testOrigin });
  expect(await go("https://evil.example/")).toBe(testOrigin);
  expect(await go("//evil.example/")).toBe(testOrigin);
  expect(await go("javascript:alert(1)")).toBe(testOrigin);
  expect(await go("/logs?x=1")).toBe(`${testOrigin}/logs?x=1`);
});
