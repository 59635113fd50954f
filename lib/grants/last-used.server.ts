import "server-only";
import { pool } from "@/lib/db/db.server";
import { singleton } from "@/lib/kernel/singleton";

const writeEveryMs = 5000;
const waitingMax = 10_000;

interface Touched {
  ids: Set<string>;
  timer: NodeJS.Timeout | null;
}

function touched(): Touched {
  return singleton("grants-touched", () => ({ ids: new Set<string>(), timer: null }));
}

/** Notes that the grant was used now. Written in batches every 5 s; a lost batch loses nothing but a display time. */
export function touchGrant(id: string): void {
  const state = touched();
  if (state.ids.size < waitingMax) state.ids.add(id);
  if (state.timer) return;
  state.timer = setTimeout(() => void flushTouchedGrants(), writeEveryMs);
  state.timer.unref();
}

/** Writes the noted uses at once; used on stop. Never rejects. */
export async function flushTouchedGrants(): Promise<void> {
  const state = touched();
  if (state.timer) clearTimeout(state.timer);
  state.timer = null;
  const ids = [...state.ids];
  state.ids.clear();
  if (ids.length === 0) return;
  await pool()
    .query(`UPDATE "grant" SET last_used_at = now() WHERE id = ANY($1::uuid[])`, [ids])
    .catch(() => undefined);
}
