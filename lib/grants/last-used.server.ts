import "server-only";
import { pool } from "@/lib/db/db.server";
import { singleton } from "@/lib/kernel/singleton";

const writeEveryMs = 5000;
const waitingMax = 10_000;

interface Touched {
  ids: Set<string>;
  /** Access tokens over which grants were used. */
  tokens: Set<string>;
  timer: NodeJS.Timeout | null;
}

function touched(): Touched {
  return singleton("grants-touched", () => ({ ids: new Set<string>(), tokens: new Set<string>(), timer: null }));
}

/** Notes that the grant was used now, and the access token if a client came with one. Written in batches every 5 s; a lost batch loses nothing but a display time. */
export function touchGrant(id: string, accessTokenId: string | null = null): void {
  const state = touched();
  if (state.ids.size < waitingMax) state.ids.add(id);
  if (accessTokenId !== null && state.tokens.size < waitingMax) state.tokens.add(accessTokenId);
  if (state.timer) return;
  state.timer = setTimeout(() => void flushTouchedGrants(), writeEveryMs);
  state.timer.unref();
}

/** Writes the noted uses at once; used on stop. Never rejects. */
export async function flushTouchedGrants(): Promise<void> {
  const state = touched();
  if (state.timer) clearTimeout(state.timer);
  state.timer = null;
  const [ids, tokens] = [[...state.ids], [...state.tokens]];
  state.ids.clear();
  state.tokens.clear();
  await Promise.all([writeUse(`"grant"`, ids), writeUse("oauth_token", tokens)]);
}

async function writeUse(table: `"grant"` | "oauth_token", ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await pool()
    .query(`UPDATE ${table} SET last_used_at = now() WHERE id = ANY($1::uuid[])`, [ids])
    .catch(() => undefined);
}
