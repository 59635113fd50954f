import path from "node:path";
import { defineConfig } from "vitest/config";

const alias = {
  "@": path.resolve(import.meta.dirname),
  "server-only": path.resolve(import.meta.dirname, "node_modules/server-only/empty.js"),
};

export default defineConfig({
  resolve: { alias },
  test: {
    projects: [
      {
        resolve: { alias },
        test: {
          name: "unit",
          include: ["{lib,app,components}/**/*.test.{ts,tsx}"],
          exclude: [
            "**/*.db.test.ts",
            "**/route.test.ts",
            "**/*.gateway.test.ts",
            "**/*.product.test.ts",
            "**/node_modules/**",
          ],
          setupFiles: ["lib/testing/console-guard.ts"],
        },
      },
      {
        resolve: { alias },
        test: {
          name: "db",
          include: [
            "lib/**/*.db.test.ts",
            "app/**/route.test.ts",
            "app/.well-known/**/route.test.ts",
            "lib/**/*.gateway.test.ts",
          ],
          globalSetup: ["lib/testing/database-global.ts"],
          setupFiles: ["lib/testing/console-guard.ts"],
          maxWorkers: 2,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: "product",
          include: ["lib/**/*.product.test.ts"],
          setupFiles: ["lib/testing/console-guard.ts"],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
