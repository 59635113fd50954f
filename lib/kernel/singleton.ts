/**
 * The one value of `name` in this process, made on first use.
 * Two bundles run in one process (the listener's and Next's), each with its own copy of every module; module-level state
 * would exist twice. This keeps it once, on `globalThis`.
 */
export function singleton<T>(name: string, make: () => T): T {
  const key = Symbol.for(`policylayer.${name}`);
  const store = globalThis as unknown as Record<symbol, { value: T } | undefined>;
  const found = store[key];
  if (found) return found.value;
  const value = make();
  store[key] = { value };
  return value;
}
