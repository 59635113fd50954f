import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { DecisionId } from "@/lib/kernel/ids";
import { toRecord, toReserve } from "./request";
import { claimOf, intentOf, newScene, refusalOf } from "./scene.server";

const scene = newScene();
const shorten = (key: string) => `sha256:${createHash("sha256").update(key, "utf16le").digest("hex")}`;

test("what would make a statement fail is no request: ids, guards, amounts", () => {
  const good = intentOf(scene, claimOf(scene, "spend", 1));
  expect(toReserve(good, shorten)).not.toBeNull();
  const notAnId = "x" as string as DecisionId;
  expect(toReserve({ ...good, decisionId: notAnId }, shorten)).toBeNull();
  expect(toReserve({ ...good, policyVersion: 1.5 }, shorten)).toBeNull();
  expect(toReserve({ ...good, policyVersion: 2 }, shorten)).toBeNull();
  expect(toReserve({ ...good, guards: { ...good.guards, grantId: newScene().grantId } }, shorten)).toBeNull();
  expect(toReserve(intentOf(scene, claimOf(scene, "spend", "-0.01")), shorten)).toBeNull();
  expect(toReserve({ ...good, policyId: null, guards: { ...good.guards, policyId: null } }, shorten)).toBeNull();
  expect(toRecord({ ...refusalOf(scene), decisionId: notAnId })).toBeNull();
});

test("L5 client texts are cut and made storable; argument names too", () => {
  const loud = {
    ...refusalOf(scene),
    tool: `a\0${"b".repeat(1_048_576)}`,
    argKeys: Array(1_000).fill("k") as string[],
  };
  const request = toRecord({ ...loud, client: { name: "c".repeat(999), version: null, address: "::1" } });
  if (request?.kind !== "record") throw new Error("no record");
  expect(request.refusal.tool).toHaveLength(200);
  expect(request.refusal.tool?.startsWith("a\ufffdb")).toBe(true);
  expect(request.refusal.argKeys).toHaveLength(64);
  expect(request.refusal.argKeys.at(-1)).toBe("…");
  expect(request.refusal.client.name).toHaveLength(200);
});

test("an overlong or unstorable counter key becomes a short one, and different keys stay different", () => {
  const keyed = (key: string) => {
    const request = toReserve(intentOf(scene, { ...claimOf(scene, "spend", 1), key }), shorten);
    return request?.kind === "reserve" ? request.intent.counters[0]?.key : undefined;
  };
  const long = "x".repeat(100_000);
  expect(keyed("short")).toBe("short");
  expect(keyed(long)).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(keyed(`${long}y`)).not.toBe(keyed(long));
  expect(keyed("a\0")).not.toBe(keyed("a\ufffd"));
  expect(keyed("a\ud800")).not.toBe(keyed("a\udfff"));
});

test("notes are cut and made storable; more than 32 notes end with the mark, none are null", () => {
  const noted = (count: number) => {
    const shadow = Array.from({ length: count }, () => ({ rule: `a\0${"b".repeat(1_000)}`, would: "deny" as const }));
    const request = toReserve({ ...intentOf(scene), shadow }, shorten);
    return request?.kind === "reserve" ? request.intent.shadow : undefined;
  };
  expect(noted(0)).toBeNull();
  expect(noted(32)).toHaveLength(32);
  expect(noted(32)?.at(-1)?.rule).toHaveLength(500);
  expect(noted(32)?.[0]?.rule.startsWith("a\ufffdb")).toBe(true);
  expect(noted(1_000)).toHaveLength(32);
  expect(noted(1_000)?.at(-1)).toEqual({ rule: "…", would: "deny" });
});

test("an overlong family becomes a short one", () => {
  const family = (name: string) => {
    const request = toReserve(intentOf(scene, claimOf(scene, name, 1, { by: ["usd"] })), shorten);
    return request?.kind === "reserve" ? request.intent.counters[0]?.family : undefined;
  };
  expect(family("short")).toContain('"short"');
  expect(family("x".repeat(1_000))).toMatch(/^sha256:[0-9a-f]{64}$/);
});
