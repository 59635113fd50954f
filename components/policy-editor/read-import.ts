import type { Problem } from "@/lib/policy/types";

/** Characters that are looked at; a policy is at most 256 KiB. */
const importMax = 262_144;

export type ImportResult =
  | { ok: true; text: string; notes: readonly string[] }
  | { ok: false; problems: readonly Pick<Problem, "message" | "hint">[] };

/**
 * A pasted text as one of this language. JSON without a `version` is the hosted form and is written anew; anything else is
 * taken as it stands, and its findings show in the editor.
 */
export async function readImport(text: string): Promise<ImportResult> {
  if (text.trim() === "")
    return { ok: false, problems: [{ message: "Nothing to import yet: paste a text or choose a file." }] };
  if (text.length > importMax) return { ok: false, problems: [{ message: "A policy has at most 256 KiB." }] };
  if (!/^\s*\{/.test(text) || /"version"\s*:/.test(text)) return { ok: true, text, notes: [] };
  const { importHosted } = await import("@/lib/policy/import-hosted");
  return importHosted(text);
}
