import { afterEach, beforeEach } from "vitest";
import { singleton } from "@/lib/kernel/singleton";

const seen = () => singleton<unknown[][]>("testing.consoleErrors", () => []);

/** The console.error calls of this test so far, taken: a test that provokes them asserts on them. */
export function takeConsoleErrors(): unknown[][] {
  return seen().splice(0);
}

const target = globalThis.console;
const original = target.error;

beforeEach(() => {
  takeConsoleErrors();
  target.error = (...args: unknown[]) => void seen().push(args);
});

afterEach(() => {
  target.error = original;
  const calls = takeConsoleErrors();
  if (calls.length > 0) {
    const lines = calls.map((args) =>
      args.map((arg) => (arg instanceof Error ? (arg.stack ?? arg.message) : String(arg))).join(" "),
    );
    throw new Error(`console.error was called, and the test does not take it:\n${lines.join("\n")}`);
  }
});
