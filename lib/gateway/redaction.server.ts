import "server-only";
import { redactNothing, redactOf, type Redact } from "@/lib/http/redact";
import { singleton } from "@/lib/kernel/singleton";
import type { Credential, Upstream } from "@/lib/servers/servers.server";

interface Made {
  values: readonly string[];
  redact: Redact;
}

/** What was last made for a cached server: most requests of it carry the same values. Forgotten with the server. */
const made = new WeakMap<Upstream, Made>();

/** Cuts the values of the credentials that a request carried out of its answer, and tells the operator that it had to. */
export function redactFor(upstream: Upstream, used: readonly Credential[]): Redact {
  const redact = findOrMake(upstream, used);
  if (redact === redactNothing) return redact;
  return (bytes) => {
    const clean = redact(bytes);
    if (clean !== bytes) reportRedaction(upstream.id);
    return clean;
  };
}

function findOrMake(upstream: Upstream, used: readonly Credential[]): Redact {
  const values = used.flatMap((credential) => Object.values(credential));
  if (values.length === 0) return redactNothing;
  const before = made.get(upstream);
  if (before && isSame(before.values, values)) return before.redact;
  const redact = redactOf(values);
  made.set(upstream, { values, redact });
  return redact;
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

const everyMs = 60_000;
const serversMax = 2_000;
const reported = singleton<Map<string, number>>("gateway-redactions", () => new Map());

/** At most once a minute and server. Names the server, never the value. */
function reportRedaction(serverId: string): void {
  const nowMs = performance.now();
  const lastMs = reported.get(serverId);
  if (lastMs !== undefined && nowMs - lastMs < everyMs) return;
  if (reported.size >= serversMax) reported.clear();
  reported.set(serverId, nowMs);
  process.emitWarning(`The server ${serverId} repeated a stored credential in an answer; it was cut out.`);
}
