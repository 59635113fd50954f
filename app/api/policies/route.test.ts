import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PolicyDto, PolicyListItem } from "@/lib/policies/schema";
import { openTestHouse, type TestHouse } from "@/lib/testing/house";
import { createPeople, jsonOf, refusalOf, type ErrorAnswer, type People } from "@/lib/testing/people";
import { apiRequest } from "@/lib/testing/session";
import { POST as publish } from "./[id]/publish/route";
import { GET as getOne } from "./[id]/route";
import { GET as getVersion } from "./[id]/versions/[version]/route";
import { POST as check } from "./check/route";
import { GET, POST } from "./route";

let house: TestHouse;
let people: People;

beforeAll(async () => {
  house = await openTestHouse();
  people = await createPeople();
});
afterAll(() => house.close());

const good = `version: "1"\ntools:\n  create_charge: { rules: [] }\n`;
const better = `version: "1"\nhide: [delete_customer]\ntools:\n  create_charge: { rules: [] }\n`;
const bad = `version: "1"\ntools:\n  create_charge:\n    rulez: []\n`;
let count = 0;

const send = (handler: typeof POST, body: unknown, id = "", cookie: string | null = people.policy_manager.cookie) =>
  handler(apiRequest("POST", "/api/policies", { cookie, body }), { params: Promise.resolve(id ? { id } : {}) });
const read = (handler: typeof GET, params = {}, cookie: string | null = people.viewer.cookie) =>
  handler(apiRequest("GET", "/api/policies", { cookie }), { params: Promise.resolve(params) });

async function create(text = good): Promise<PolicyDto> {
  const response = await send(POST, { name: `policy ${String((count += 1))}`, text });
  expect(response.status).toBe(201);
  return jsonOf<PolicyDto>(response);
}

describe("201 and 200", () => {
  test("a policy is made, read, listed, and published as the next version", async () => {
    const made = await create();
    expect(await jsonOf(await read(getOne, { id: made.id }))).toEqual(made);
    const response = await send(publish, { baseVersion: 1, text: better, reason: "hide" }, made.id);
    expect(response.status).toBe(200);
    const published = await jsonOf<PolicyDto>(response);
    expect(published).toMatchObject({ liveVersion: 2, text: better });
    expect(published.versions.map((version) => [version.version, version.reason])).toEqual([
      [2, "hide"],
      [1, ""],
    ]);
    const first = await read(getVersion, { id: made.id, version: "1" });
    expect(await jsonOf(first)).toMatchObject({ version: 1, text: good });
    const list = await jsonOf<PolicyListItem[]>(await read(GET));
    expect(list.find((item) => item.id === made.id)).toMatchObject({ liveVersion: 2, name: made.name });
  });
  test("the check answers findings with places, and nothing for a good text", async () => {
    const nothing = { problems: [], tests: { passed: 0, failed: 0, results: [] } };
    expect(await jsonOf(await send(check, { text: good }, "", people.viewer.cookie))).toEqual(nothing);
    const found = await jsonOf<{ problems: object[] }>(await send(check, { text: bad }));
    expect(found.problems).toContainEqual(expect.objectContaining({ severity: "error", line: 4, column: 5 }));
  });
});

describe("400", () => {
  test.each([
    ["no name", { name: "", text: good }],
    ["no text", { name: "x" }],
    ["a text over 256 KiB", { name: "x", text: "#".repeat(262_145) }],
    ["another member", { name: "x", text: good, liveVersion: 9 }],
  ])("%s", async (_, body) => {
    expect(await refusalOf(await send(POST, body))).toEqual({ status: 400, code: "invalid_input" });
  });
});

describe("401, 403, 404", () => {
  test("signed out, a viewer, another organisation, an unknown version", async () => {
    const { id } = await create();
    const body = { baseVersion: 1, text: better };
    expect((await send(publish, body, id, null)).status).toBe(401);
    expect((await send(publish, body, id, people.viewer.cookie)).status).toBe(403);
    expect((await send(publish, body, id, people.stranger.cookie)).status).toBe(404);
    expect((await read(getOne, { id }, people.stranger.cookie)).status).toBe(404);
    for (const version of ["2", "0", "x", "1e3"]) expect((await read(getVersion, { id, version })).status).toBe(404);
  });
});

describe("409", () => {
  test("N6 a stale base is refused and nothing is lost", async () => {
    const { id, name } = await create();
    await send(publish, { baseVersion: 1, text: better }, id);
    const stale = await send(publish, { baseVersion: 1, text: good }, id);
    expect(await refusalOf(stale)).toEqual({ status: 409, code: "conflict" });
    expect(await jsonOf(await read(getOne, { id }))).toMatchObject({ liveVersion: 2, text: better });
    expect(await refusalOf(await send(POST, { name, text: good }))).toEqual({ status: 409, code: "name_taken" });
  });
});

describe("422", () => {
  test("a text with errors names line and column, and the live version stays", async () => {
    const { id } = await create();
    for (const response of [
      await send(publish, { baseVersion: 1, text: bad }, id),
      await send(POST, { name: "bad", text: bad }),
    ]) {
      expect(response.status).toBe(422);
      const { error } = await jsonOf<ErrorAnswer>(response);
      expect(error.code).toBe("policy_invalid");
      expect(error.issues).toContainEqual(expect.objectContaining({ line: 4, column: 5 }));
    }
    expect(await jsonOf(await read(getOne, { id }))).toMatchObject({ liveVersion: 1, text: good });
    expect((await jsonOf<PolicyListItem[]>(await read(GET))).some((item) => item.name === "bad")).toBe(false);
  });
});
