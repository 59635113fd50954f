import "server-only";
import { handWritten } from "./hand-written";
import { readMigrations, toMigrationList } from "./migrate.server";
import { everything, withSchemaEngine } from "./schema-engine.server";

const tolerated = new Set(handWritten.partialIndexes.map((name) => `DROP INDEX "${name}";`));

/**
 * The SQL that would bring the migrations up to `datamodel`; empty when they agree. What is written by hand and named in
 * hand-written.ts does not count. Plays the migrations in a scratch database beside that of `url`, which is dropped again.
 */
export async function missingSql(url: string, datamodel: string): Promise<string> {
  const list = toMigrationList(await readMigrations());
  const { stdout } = await withSchemaEngine(url, datamodel, async (engine) =>
    engine.diff({
      from: { tag: "migrations", ...list },
      to: { tag: "schemaDatamodel", files: [{ path: "schema.prisma", content: datamodel }] },
      script: true,
      exitCode: null,
      filters: everything,
    }),
  );
  const lines = (stdout ?? "").split("\n").filter((line) => !tolerated.has(line));
  return lines.some((line) => line.trim() !== "" && !line.startsWith("--")) ? `${lines.join("\n").trim()}\n` : "";
}
