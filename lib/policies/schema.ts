import { z } from "zod";
import type { Coverage } from "@/lib/policy/coverage";
import type { TestResult } from "@/lib/policy/run-tests";
import type { Problem } from "@/lib/policy/types";

const text = z.string().max(262_144);

export const PolicyInput = z.strictObject({
  name: z.string().trim().min(1).max(80),
  text,
  reason: z.string().trim().max(500).default(""),
});
export type PolicyInput = z.infer<typeof PolicyInput>;

/** `baseVersion` is the live version that the author started from; another one answers 409 `conflict`. */
export const PublishInput = z.strictObject({
  baseVersion: z.int().min(0).nullable(),
  text,
  reason: z.string().trim().max(500).default(""),
  /** Publishes although tests of the text fail; needs a reason. */
  allowFailingTests: z.boolean().optional(),
});
export type PublishInput = z.infer<typeof PublishInput>;

/** `policyId`: also look at the tools of the servers that its grants reach. */
export const CheckInput = z.strictObject({ text, policyId: z.uuid().optional() });
export type CheckInput = z.infer<typeof CheckInput>;

/** What the check says of a text, and how its tests came out; none ran when there is an error. */
export interface CheckDto {
  problems: Problem[];
  tests: { passed: number; failed: number; results: readonly TestResult[] };
}

export const ReplayInput = z.strictObject({
  text,
  days: z.union([z.literal(1), z.literal(7), z.literal(30)]).default(7),
});
export type ReplayInput = z.infer<typeof ReplayInput>;

/** What a draft would have answered to the recorded calls of the last days. */
export interface ReplayDto {
  days: number;
  /** Calls that were looked at, newest 100,000 at most; `cut` when there were more. */
  total: number;
  cut: boolean;
  changed: number;
  /** Not to be told, because argument values are never kept. */
  undetermined: number;
  /** "14 of 2,310 calls would change: 12 allow → deny, …". */
  sentence: string;
  groups: ReplayGroup[];
}

export interface ReplayGroup {
  from: string;
  to: string;
  tool: string;
  grant: string;
  /** Rule that would decide; "" on allow. */
  rule: string;
  count: number;
  /** The newest decisions of the group, five at most. */
  decisionIds: string[];
}

export const CoverageQuery = z.object({ days: z.coerce.number().int().min(1).max(90).default(30) });

export interface CoverageDto extends Coverage {
  days: number;
  servers: { id: string; name: string }[];
}

export interface PolicyListItem {
  id: string;
  name: string;
  liveVersion: number | null;
  grantCount: number;
  denials24h: number;
  updatedAt: string;
  updatedBy: string | null;
}

export interface PolicyVersionDto {
  version: number;
  createdAt: string;
  author: string | null;
  reason: string;
  contentHash: string;
  testsPassed: number;
  testsFailed: number;
}

/** A version with its text, and what it changed from the one before it, in words. */
export interface ShownVersionDto extends PolicyVersionDto {
  text: string;
  changes: readonly string[];
}

export interface PolicyDto {
  id: string;
  name: string;
  liveVersion: number | null;
  /** YAML of the live version; "" when nothing was published. */
  text: string;
  versions: PolicyVersionDto[];
  grants: { id: string; label: string }[];
}

/** By tool name: the policies that speak of it. */
export type AffectedPolicies = Record<string, { id: string; name: string }[]>;
