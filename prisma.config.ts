import { defineConfig, env } from "prisma/config";

export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  datasource: {
    /** Asked for by the commands that need a database; `prisma generate` does without. */
    get url() {
      return env("DATABASE_URL");
    },
  },
});
