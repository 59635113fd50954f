import { format } from "node:util";
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  getState,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from "@vitest/expect";
import * as chai from "chai";

/** A test as collected: its full name, made unique, and its body. */
export interface CollectedTest {
  name: string;
  run: () => unknown;
}

type Body = (...args: unknown[]) => unknown;

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);

/** Vitest's own matchers, without the runner around them. */
function expect(value: unknown, message?: string): Chai.Assertion {
  return chai.expect(value, message);
}
Object.assign(expect, chai.expect, (globalThis as Record<symbol, unknown>)[ASYMMETRIC_MATCHERS_OBJECT]);
type State = Parameters<typeof setState>[1];
setState({ ...getState(expect as unknown as State), assertionCalls: 0 }, expect as unknown as State);

/** A row of `each`: its arguments, and its name with `%s`, `%#` or `$key` filled in. */
function fill(name: string, row: unknown, index: number): { name: string; args: unknown[] } {
  const args = Array.isArray(row) ? (row as unknown[]) : [row];
  const numbered = name.replaceAll("%#", String(index));
  const keyed = numbered.replace(/\$(\w+)/g, (all, key: string) =>
    typeof row === "object" && row !== null && key in row ? String((row as Record<string, unknown>)[key]) : all,
  );
  const holes = keyed.match(/%[a-z]/g)?.length ?? 0;
  return { name: format(keyed, ...args.slice(0, holes)), args };
}

/**
 * What test files import as `vitest`, in one process and without isolation: `describe`, `test` and `it` with `each`, and the real `expect`.
 * Hooks, mocks and snapshots are left out: a file that needs them fails to load.
 */
export function makeVitest(): { tests: CollectedTest[]; api: Record<string, unknown> } {
  const tests: CollectedTest[] = [];
  const seen = new Map<string, number>();
  const scope: string[] = [];
  const bodyOf = (rest: readonly unknown[]): Body => {
    const body = rest.find((item) => typeof item === "function");
    if (!body) throw new Error(`A test without a body: ${scope.join(" > ")}`);
    return body as Body;
  };
  const add = (name: string, run: () => unknown): void => {
    const full = [...scope, name].join(" > ");
    const count = (seen.get(full) ?? 0) + 1;
    seen.set(full, count);
    tests.push({ name: count === 1 ? full : `${full} #${String(count)}`, run });
  };
  const group = (name: string, run: () => unknown): void => {
    scope.push(name);
    run();
    scope.pop();
  };
  const withEach = (define: (name: string, run: () => unknown) => void) => {
    const one = (name: string, ...rest: unknown[]): void => define(name, bodyOf(rest));
    const each =
      (rows: readonly unknown[]) =>
      (name: string, ...rest: unknown[]): void => {
        const body = bodyOf(rest);
        for (const [index, row] of rows.entries()) {
          const filled = fill(name, row, index);
          define(filled.name, () => body(...filled.args));
        }
      };
    return Object.assign(one, { each });
  };
  const test = withEach(add);
  return { tests, api: { describe: withEach(group), test, it: test, expect } };
}
