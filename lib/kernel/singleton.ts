/**
 * The one value of `name` in this process, made on first use.
 * Two bundles run in one process (the listener's and Next's), each with its own copy of every module; module-level state
 * would exist twice. This keeps it once, on `globalThis`.
 */
export function singleton<T>(name: string, make: () => T): T {
  const seen = known.get(name) as { value: T } | undefined;
  if (seen) return seen.value;
  const key = Symbol.for(`policylayer.${name}`);
  const store = globalThis as unknown as Record<symbol, { value: T } | undefined>;
  const holder = (store[key] ??= { value: make() });
  known.set(name, holder);
  return holder.value;
}

/** What this bundle has looked up before: hot paths ask on every call, and the registry of symbols costs more than a map. */
const known = new Map<string, { value: unknown }>();
