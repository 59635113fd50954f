import { randomUUID } from "node:crypto";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { pool, publishChange } from "@/lib/db/db.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { isAppError } from "@/lib/kernel/errors";
import type { UserId } from "@/lib/kernel/ids";
import { createMember, createOrg } from "@/lib/testing/factories";
import { openTestHouse, type TestHouse } from "@/lib/testing/house";
import { closeEventStreams, openEventStream } from "./notify.server";

let house: TestHouse;
let viewer: Awaited<ReturnType<typeof createMember>>;

beforeAll(async () => {
  house = await openTestHouse();
  viewer = await createMember(await createOrg(), "viewer");
});
afterAll(() => house.close());
beforeEach(() => {
  closeEventStreams();
});
afterEach(() => {
  vi.useRealTimers();
  closeEventStreams();
});

const someone = (): Ctx => ({ ...viewer, actor: { ...viewer.actor, userId: randomUUID() as UserId } });
const change = (id: string) => publishChange(pool(), { topic: "grants", orgId: viewer.orgId, id });

function isOpened(ctx: Ctx): boolean {
  try {
    openEventStream(ctx, ["grants"]);
    return true;
  } catch (error) {
    if (isAppError(error) && error.code === "too_many_requests") return false;
    throw error;
  }
}

/** What arrives until the text does, or until the stream's end. */
async function readUntil(stream: ReadableStream<Uint8Array>, text: string | null): Promise<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let seen = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    seen += decoder.decode(part.value);
    if (text !== null && seen.includes(text)) break;
  }
  reader.releaseLock();
  return seen;
}

describe("H8 the live feed", () => {
  test("200 tabs of one person: six are open, the others are told to come later, and a closed one makes room", async () => {
    const first = openEventStream(viewer, ["grants"]);
    const rest = Array.from({ length: 199 }, () => isOpened(viewer));
    expect(rest.filter((opened) => opened)).toHaveLength(5);
    expect(isOpened(someone())).toBe(true);
    await first.cancel();
    expect([isOpened(viewer), isOpened(viewer)]).toEqual([true, false]);
  });

  test("the process has an upper bound too, however many people there are", () => {
    const opened = Array.from({ length: 90 }, () => {
      const ctx = someone();
      return Array.from({ length: 6 }, () => isOpened(ctx));
    }).flat();
    expect(opened.filter((one) => one)).toHaveLength(500);
  });

  test("a reader that never reads is dropped; the others miss nothing", async () => {
    const deaf = openEventStream(viewer, ["grants"]);
    const reading = readUntil(openEventStream(someone(), ["grants"]), "change-199");
    for (let at = 0; at < 200; at += 1) await change(`change-${String(at)}`);
    const seen = await reading;
    expect(Array.from({ length: 200 }, (_, at) => seen.includes(`"change-${String(at)}"`))).not.toContain(false);
    const late = await readUntil(deaf, null);
    expect(late).not.toContain("change-199");
    expect(late.match(/event: grants/g)?.length).toBeLessThanOrEqual(64);
    // Its place is free again.
    expect(Array.from({ length: 7 }, () => isOpened(viewer)).filter((one) => one)).toHaveLength(6);
  });

  test("a quiet stream gets a heartbeat every 15 s", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const stream = openEventStream(viewer, ["grants"]);
    vi.advanceTimersByTime(45_000);
    vi.useRealTimers();
    closeEventStreams();
    expect((await readUntil(stream, null)).match(/: heartbeat/g)).toHaveLength(3);
  });

  test("after the database was away the page is told to read everything again", async () => {
    const stream = openEventStream(viewer, ["grants"]);
    const admin = new Client({ connectionString: house.url });
    await admin.connect();
    await admin.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name ILIKE 'policylayer changes %'",
    );
    await admin.end();
    expect(await readUntil(stream, "event: reset")).toContain("event: reset");
  });
});
