import "server-only";
import { createHash } from "node:crypto";
import { toText } from "@/lib/kernel/decimal";
import { guardKeyOf, readsOf } from "./batch";
import type { Batch, GuardRow } from "./batch";
import { MemoryStore } from "./memory-store";
import { planBatch } from "./plan";
import type { BatchPlan } from "./plan";
import { claimOf, intentOf } from "./scene.server";
import type { Scene } from "./scene.server";
import type { Settlement } from "./settlement";
import type { ReserveIntent, ReserveResult } from "./types";

/** What the tests of planning stand on: scenes in a store in memory, and batches that are planned and applied to it. */
export const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

export function guardRow(scene: Scene, more: Partial<GuardRow> = {}): GuardRow {
  const key = guardKeyOf(scene.orgId, intentOf(scene).guards);
  const versions = { grantVersion: 1, serverVersion: 1, liveVersion: 1, bundleVersion: null };
  return { ...key, ...versions, revoked: false, notBeforeMs: null, expiresAtMs: null, serverEnabled: true, ...more };
}

export function storeFor(...scenes: Scene[]): MemoryStore {
  const store = new MemoryStore();
  for (const scene of scenes) store.allow(guardRow(scene));
  return store;
}

/** Plans a batch and commits it; throws when the store refuses. */
export async function run(
  store: MemoryStore,
  batch: Batch,
): Promise<Omit<BatchPlan, "answers"> & { answers: ReserveResult[] }> {
  const plan = planBatch(batch, await store.open(readsOf(batch)), digest);
  const result = await store.commit(plan.writes);
  if (result.kind !== "committed") throw new Error(result.kind);
  return { ...plan, answers: plan.answers as ReserveResult[] };
}

/** The answers of a batch. */
export async function apply(store: MemoryStore, batch: Batch): Promise<ReserveResult[]> {
  return (await run(store, batch)).answers;
}

export const reserves = (...intents: ReserveIntent[]): Batch => ({
  settlements: [],
  requests: intents.map((intent) => ({ kind: "reserve", orgId: intent.orgId, intent })),
});

export const settles = (...settlements: Settlement[]): Batch => ({ settlements, requests: [] });

export const usedOf = (store: MemoryStore, scene: Scene) =>
  store.snapshot(scene.orgId).counters.map((one) => toText(one.used));

export function ticketOf(answer: ReserveResult | undefined) {
  if (answer?.kind !== "sent") throw new Error(`not sent: ${String(answer?.kind)}`);
  return answer.ticket;
}

/** As if the counter `name` of the scene's grant were split into `count` values already, none of which a test names. */
export function splitInto(store: MemoryStore, scene: Scene, name: string, count: number): void {
  const { family } = claimOf(scene, name, 0, { by: [""] });
  store.otherRows.set(family ?? "", count);
}
