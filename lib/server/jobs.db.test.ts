import { afterAll, beforeAll, expect, test } from "vitest";
import { prisma } from "@/lib/db/db.server";
import { scanDue } from "@/lib/servers/servers.server";
import { createOrg, createServerRow } from "@/lib/testing/factories";
import { openTestHouse, type TestHouse } from "@/lib/testing/house";
import { startMcpFake, type McpFake } from "@/lib/testing/mcp-fake";
import { runOnce, startJobs } from "./jobs.server";

let house: TestHouse;
let fake: McpFake;

beforeAll(async () => {
  house = await openTestHouse();
  fake = await startMcpFake();
});
afterAll(async () => {
  await fake.close();
  await house.close();
});

const never = new AbortController().signal;

test("a job runs once at a time, however many start it, and again when it is done", async () => {
  let [running, most, runs] = [0, 0, 0];
  const open = gate();
  const job = {
    name: "one at a time",
    everyMs: 1_000,
    run: async () => {
      runs += 1;
      most = Math.max(most, (running += 1));
      await open.promise;
      running -= 1;
    },
  };
  const first = runOnce(job, never);
  await expect.poll(() => runs).toBe(1);
  await Promise.all([runOnce(job, never), runOnce(job, never)]);
  open.resolve();
  await first;
  await runOnce(job, never);
  expect([most, runs]).toEqual([1, 2]);
});

test("a failing job runs again at its next time, and none after the stop, which waits for the one that runs", async () => {
  let runs = 0;
  let ended = false;
  const stop = startJobs(
    [
      {
        name: "failing",
        everyMs: 5,
        run: async (signal) => {
          runs += 1;
          if (runs < 3) throw new Error("once more");
          await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
          ended = true;
        },
      },
    ],
    1,
  );
  await expect.poll(() => runs).toBe(3);
  await stop();
  expect([runs, ended]).toEqual([3, true]);
});

test("servers that were not scanned lately are scanned, disabled ones and fresh ones are not", async () => {
  const orgId = await createOrg();
  const due = await createServerRow(orgId, { url: fake.url, tools: [] });
  const off = await createServerRow(orgId, { url: fake.url, tools: [], enabled: false });
  const fresh = await createServerRow(orgId, { url: fake.url, tools: [] });
  const data = { lastScanAt: new Date() };
  await prisma().server.update({ where: { id: fresh }, data });
  await scanDue(never);
  const rows = await prisma().serverTool.findMany({ where: { orgId } });
  expect(rows.map(({ serverId, name, acceptedDigest }) => [serverId, name, acceptedDigest])).toEqual([
    [due, "ping", null],
  ]);
  expect(off).not.toBe(due);
});

function gate(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
