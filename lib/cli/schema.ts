import { z } from "zod";

/** Answers of the gateway's API, as far as commands use them; members that are new to us do no harm. */

export const PolicyList = z.array(z.looseObject({ id: z.string(), name: z.string(), liveVersion: z.int().nullable() }));

const version = z.looseObject({ version: z.int(), author: z.string().nullable(), createdAt: z.string() });
export const Policy = z.looseObject({
  id: z.string(),
  name: z.string(),
  liveVersion: z.int().nullable(),
  text: z.string(),
  versions: z.array(version),
});
export type Policy = z.infer<typeof Policy>;

const problem = z.object({
  severity: z.enum(["error", "warning"]),
  code: z.string(),
  path: z.string(),
  line: z.int(),
  column: z.int(),
  message: z.string(),
  hint: z.string().optional(),
});
export const Findings = z.looseObject({ problems: z.array(problem) });

const issue = z.looseObject({
  path: z.string(),
  message: z.string(),
  fix: z.string().optional(),
  line: z.int().optional(),
  column: z.int().optional(),
  severity: z.enum(["error", "warning"]).optional(),
  code: z.string().optional(),
});
export const Refusal = z.object({
  error: z.looseObject({
    code: z.string(),
    title: z.string(),
    detail: z.string(),
    requestId: z.string(),
    issues: z.array(issue).optional(),
  }),
});
export type Refusal = z.infer<typeof Refusal>["error"];

export const ServerList = z.array(z.looseObject({ id: z.string(), name: z.string() }));
