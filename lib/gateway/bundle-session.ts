import { isRevision, type Revision } from "./revision";

/** What a client's one session with a bundle stands for at one of its servers. */
export interface MemberSession {
  /** The server's own session id; null when it keeps none. */
  session: string | null;
  /** The revision that this server agreed to; the client may have been told an older one. */
  version: Revision;
}

/** By server id: the servers that answered when the session began. */
export type BundleSession = ReadonlyMap<string, MemberSession>;

/** The text that is sealed into the client's session id. */
export function toSessionText(session: BundleSession): string {
  return JSON.stringify([...session].map(([serverId, one]) => [serverId, one.session, one.version]));
}

/** The session behind the text; null when it is none. */
export function parseSessionText(text: string): BundleSession | null {
  try {
    const rows: unknown = JSON.parse(text);
    if (!Array.isArray(rows)) return null;
    const session = new Map<string, MemberSession>();
    for (const row of rows as unknown[]) {
      if (!Array.isArray(row)) return null;
      const [serverId, id, version] = row as unknown[];
      if (typeof serverId !== "string" || typeof version !== "string" || !isRevision(version)) return null;
      if (id !== null && typeof id !== "string") return null;
      session.set(serverId, { session: id, version });
    }
    return session;
  } catch {
    return null;
  }
}
