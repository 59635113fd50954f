import { fromBase64, toBase64 } from "./bundle-page";

/**
 * Event ids of a bundle's streams. A stream that answers one request comes from one server: `p.<prefix>.<its id>`. The listening
 * stream comes from all of them: `g.<base64url of [[prefix, its last id], …]>`, so that a client that lost it resumes each.
 */
export type ResumePoint =
  { kind: "answer"; prefix: string; id: string } | { kind: "listening"; ids: ReadonlyMap<string, string> };

export function answerEventId(prefix: string, id: string): string {
  return `p.${prefix}.${id}`;
}

export function listeningEventId(ids: ReadonlyMap<string, string>): string {
  return `g.${toBase64(JSON.stringify([...ids]))}`;
}

/** Where `Last-Event-ID` says that a client stopped; null when no bundle gave it out. */
export function parseEventId(text: string): ResumePoint | null {
  if (text.startsWith("p.")) {
    const dot = text.indexOf(".", 2);
    return dot < 0 ? null : { kind: "answer", prefix: text.slice(2, dot), id: text.slice(dot + 1) };
  }
  if (!text.startsWith("g.")) return null;
  try {
    const rows: unknown = JSON.parse(fromBase64(text.slice(2)));
    if (!Array.isArray(rows) || !rows.every(isPair)) return null;
    return { kind: "listening", ids: new Map(rows) };
  } catch {
    return null;
  }
}

function isPair(value: unknown): value is [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === "string");
}
