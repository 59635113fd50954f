import { z } from "zod";
import type { ToolCategory, ToolRisk } from "@/lib/kernel/tool-class";
import type { Change } from "./definition-change";
import type { Flag } from "./definition-flags";
import type { DiffPart } from "./text-diff";

/** Tools of one decision. */
export const decidedMax = 500;

/** What a person decides about definitions: each with the digest that they saw, so that a later change is not accepted unseen. */
export const ToolDecision = z.strictObject({
  decision: z.enum(["accept", "reject"]),
  tools: z
    .array(z.strictObject({ name: z.string().min(1).max(200), digest: z.string().regex(/^[0-9a-f]{64}$/) }))
    .min(1)
    .max(decidedMax)
    .refine((tools) => new Set(tools.map(({ name }) => name)).size === tools.length, {
      message: "A tool stands twice",
    }),
  reason: z.string().trim().max(500).default(""),
});
export type ToolDecision = z.infer<typeof ToolDecision>;

/** How many tools of a server wait for a decision. */
export interface ReviewCount {
  changed: number;
  new: number;
}

/** A tool that is not what was accepted, as the review shows it. Texts come from the upstream: escape them to show them. */
export interface ToolReviewDto {
  name: string;
  state: "changed" | "new";
  /** Of the definition last seen; a decision names it. */
  digest: string;
  /** Since when this definition is known. ISO 8601. */
  since: string;
  /** True when somebody decided to leave this definition quarantined. */
  isRejected: boolean;
  /** It breaks a bound: nobody can accept it. */
  isBlocked: boolean;
  /** What changed in meaning, the gravest first; empty for new tools. */
  changes: Change[];
  flags: Flag[];
  /** The laid-out definitions compared line by line; a new tool has only added lines. */
  lines: DiffPart[];
  description: string;
  category: ToolCategory;
  risk: ToolRisk;
}

/** The tools of a server that wait, and what calls to them get meanwhile. */
export interface ReviewDto {
  tools: ToolReviewDto[];
  drift: "enforce" | "hold" | "warn" | "off";
}
