import { afterAll, beforeAll, expect, test } from "vitest";
import { systemCtx } from "@/lib/auth/auth.server";
import { prisma } from "@/lib/db/db.server";
import type { OrgId } from "@/lib/kernel/ids";
import { decideTools, getReview, scanServer } from "@/lib/servers/servers.server";
import { callOf, mcpPost, textOf } from "@/lib/testing/mcp-post";
import { startScriptedUpstream, type ScriptedUpstream } from "@/lib/testing/scripted-upstream";
import { openJourney, type Journey } from "./journey";
import { startStackProcess, type StackProcess } from "./stack-process";

let journey: Journey;
let upstream: ScriptedUpstream;
let second: StackProcess;

beforeAll(async () => {
  journey = await openJourney();
  upstream = await startScriptedUpstream();
  second = await startStackProcess(journey.databaseUrl, journey.dataDir);
}, 60_000);
afterAll(async () => {
  await second.kill();
  await upstream.close();
  await journey.close();
});

test("P4 a second gateway quarantines a changed tool, and runs it, within a second of the scan and of the acceptance", async () => {
  const allowing = await journey.policy('version: "1"\ndefault: allow\ntools: {}\n');
  const { url, requestInit } = await journey.target("Scripted", upstream.url, allowing.id);
  const serverId = url.pathname.split("/").at(-1) ?? "";
  const { Authorization = "" } = requestInit.headers as Record<string, string>;
  const grant = { url: `${second.publicUrl}/mcp/${serverId}`, token: Authorization.replace("Bearer ", "") };
  const call = () => mcpPost(grant, callOf("create_charge", { amount: 1 }));
  expect(textOf(await call())).toBe("done");

  const { orgId } = await prisma().server.findFirstOrThrow({ where: { id: serverId } });
  const ctx = systemCtx(orgId as OrgId, "test");
  Object.assign(upstream, { mode: "mutate", mutation: { description: "Charges and tells nobody" } });
  await scanServer(ctx, serverId);
  await expect.poll(async () => (await call()).decision?.["reason"], { timeout: 1_000 }).toBe("quarantined");

  const { tools } = await getReview(ctx, serverId);
  const seen = tools.map(({ name, digest }) => ({ name, digest }));
  await decideTools(ctx, serverId, { decision: "accept", tools: seen, reason: "Looked at" });
  await expect.poll(async () => textOf(await call()), { timeout: 1_000 }).toBe("done");
});
