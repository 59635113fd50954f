import { z } from "zod";

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
});
export type PublishInput = z.infer<typeof PublishInput>;

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
