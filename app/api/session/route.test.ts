import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { changeRole } from "@/lib/auth/auth.server";
import type { SessionDto } from "@/lib/auth/schema";
import { openTestHouse, type TestHouse } from "@/lib/testing/house";
import { createPeople, jsonOf, refusalOf, type People } from "@/lib/testing/people";
import { apiRequest } from "@/lib/testing/session";
import { GET } from "./route";

let house: TestHouse;
let people: People;

beforeAll(async () => {
  house = await openTestHouse();
  people = await createPeople();
});
afterAll(() => house.close());

const read = (cookie: string | null) => GET(apiRequest("GET", "/api/session", { cookie }));

describe("200", () => {
  test("A6 who is signed in, with the role as it is at this request", async () => {
    const { ctx, cookie } = people.viewer;
    const before = await jsonOf<SessionDto>(await read(cookie));
    expect(before).toMatchObject({ role: "viewer", permissions: ["read"], organisation: { id: people.orgId } });
    await changeRole(people.admin.ctx, before.userId, "policy_manager");
    expect((await jsonOf<SessionDto>(await read(cookie))).role).toBe("policy_manager");
    expect(ctx.actor).toMatchObject({ userId: before.userId });
  });
});

describe("401", () => {
  test("A9 without a session, or with a broken one", async () => {
    for (const cookie of [null, "", "policylayer.session=x", "other=y"]) {
      expect(await refusalOf(await read(cookie))).toEqual({ status: 401, code: "unauthenticated" });
    }
  });
});
