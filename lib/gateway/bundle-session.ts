import { isRevision, type Revision } from "./revision";

/** What a client's one session with a bundle stands for at one of its servers. */
export interface MemberSession {
  /** The server's own session id; null when it keeps none. */
  session: string | null;
  /** The revision that this server agreed to; the client may have been told an older one. */
  version: Revision;
}

export interface BundleSession {
  /** What the client said of itself when the session began. */
  client: { name: string | null; version: string | null };
  /** By server id: the servers that answered when the session began. */
  servers: ReadonlyMap<string, MemberSession>;
}

/** Characters of a client's own words that its session id carries. */
const wordsMax = 100;

/** The text that is sealed into the client's session id. */
export function toSessionText({ client, servers }: BundleSession): string {
  const rows = [...servers].map(([serverId, { session, version }]) => [serverId, session, version]);
  return JSON.stringify([cut(client.name), cut(client.version), rows]);
}

/** The session behind the text; null when it is none. */
export function parseSessionText(text: string): BundleSession | null {
  const value = parse(text);
  if (!Array.isArray(value)) return null;
  const [name, version, rows] = value as unknown[];
  if (!isTextOrNull(name) || !isTextOrNull(version) || !Array.isArray(rows)) return null;
  const servers = new Map<string, MemberSession>();
  for (const row of rows as unknown[]) {
    if (!Array.isArray(row)) return null;
    const [serverId, session, agreed] = row as unknown[];
    if (typeof serverId !== "string" || !isTextOrNull(session)) return null;
    if (typeof agreed !== "string" || !isRevision(agreed)) return null;
    servers.set(serverId, { session, version: agreed });
  }
  return { client: { name, version }, servers };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}

function cut(words: string | null): string | null {
  return words === null ? null : words.slice(0, wordsMax);
}
