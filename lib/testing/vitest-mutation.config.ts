import path from "node:path";
import { defineConfig } from "vitest/config";

const root = path.resolve(import.meta.dirname, "../..");

/** The tests that hunt mutants: those of the engine that are fast and say by name what they guard. */
export default defineConfig({
  root,
  resolve: { alias: { "@": root } },
  test: {
    include: ["lib/{policy,quota}/**/*.test.ts"],
    exclude: ["lib/policy/*{oracle,properties,round-trip,random,fuzz}*.test.ts", "**/node_modules/**"],
    setupFiles: ["lib/testing/console-guard.ts"],
    bail: 1,
  },
});
