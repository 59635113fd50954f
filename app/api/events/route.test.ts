import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { changeRole } from "@/lib/auth/auth.server";
import { revokeGrant } from "@/lib/grants/grants.server";
import { createGrantRow, createServerRow } from "@/lib/testing/factories";
import { openTestHouse, type TestHouse } from "@/lib/testing/house";
import { createPeople, refusalOf, type People } from "@/lib/testing/people";
import { apiRequest } from "@/lib/testing/session";
import { GET } from "./route";

let house: TestHouse;
let people: People;

beforeAll(async () => {
  house = await openTestHouse();
  people = await createPeople();
});
afterAll(() => house.close());

const open = (cookie: string | null, query = "?topics=grants") =>
  GET(apiRequest("GET", `/api/events${query}`, { cookie }));

/** Reads until the text appears or the stream ends. */
async function readUntil(response: Response, text: string | null): Promise<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let seen = "";
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    seen += part.value;
    if (text !== null && seen.includes(text)) break;
  }
  await reader?.cancel();
  return seen;
}

describe("200", () => {
  test("a change of the own organisation arrives as topic and id, another organisation's does not", async () => {
    const mine = await open(people.viewer.cookie);
    expect(mine.headers.get("content-type")).toBe("text/event-stream");
    const foreign = await createServerRow(people.stranger.ctx.orgId);
    const theirs = await createGrantRow(people.stranger.ctx.orgId, { serverId: foreign });
    const serverId = await createServerRow(people.orgId);
    const { grant } = await createGrantRow(people.orgId, { serverId });
    await revokeGrant(people.admin.ctx, grant.id);
    const seen = await readUntil(mine, grant.id);
    expect(seen).toContain(`event: grants\ndata: {"topic":"grants","id":"${grant.id}"}`);
    expect(seen).not.toContain(theirs.grant.id);
  });
  test("A6 a demotion ends the member's streams at once", async () => {
    const stream = await open(people.policy_manager.cookie);
    const { actor } = people.policy_manager.ctx;
    if (actor.kind === "user") await changeRole(people.admin.ctx, actor.userId, "viewer");
    expect(await readUntil(stream, null)).toContain(": connected");
  });
});

describe("400, 401, 429", () => {
  test("no topics, no session, a seventh stream", async () => {
    expect(await refusalOf(await open(people.admin.cookie, ""))).toEqual({ status: 400, code: "invalid_input" });
    expect((await open(null)).status).toBe(401);
    const streams = await Promise.all(Array.from({ length: 6 }, () => open(people.admin.cookie)));
    const refused = await open(people.admin.cookie);
    expect(refused.headers.get("retry-after")).toBe("5");
    expect(await refusalOf(refused)).toEqual({ status: 429, code: "too_many_requests" });
    for (const stream of streams) await stream.body?.cancel();
  });
});
