import "server-only";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { PrismaPg } from "@prisma/adapter-pg";
import { ColumnTypeEnum, bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import type { SchemaEngine, SchemaFilter } from "@prisma/schema-engine-wasm";
import * as glue from "@prisma/schema-engine-wasm/schema_engine_bg";
import pg from "pg";
import { singleton } from "@/lib/kernel/singleton";

/** Nothing is hidden from the engine: every table and enum of the database belongs to schema.prisma. */
export const everything: SchemaFilter = { externalTables: [], externalEnums: [] };

interface EngineExports extends WebAssembly.Exports {
  __wbindgen_start: () => void;
}

/** The typed part of the glue module; its own types leave out what wasm-bindgen needs to be started by hand. */
interface Glue {
  __wbg_set_wasm: (exports: WebAssembly.Exports) => void;
  SchemaEngine: typeof SchemaEngine;
}

/** The engine never clears the timers of its time-outs; without a reference they do not hold a finished process for ten seconds. */
function looseTimers(imports: object): WebAssembly.ModuleImports {
  const loose = (callback: () => void, ms: number) => setTimeout(callback, ms >>> 0).unref();
  const entries = Object.entries(imports as WebAssembly.ModuleImports);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, name.startsWith("__wbg_setTimeout_") ? loose : value]),
  );
}

/**
 * Node 20 cannot import `.wasm`, so the module is instantiated by hand, once per process.
 * Source: the package's own `schema_engine.js`, whose three lines this repeats.
 */
async function loadEngine(): Promise<typeof SchemaEngine> {
  const typed = glue as unknown as Glue;
  const require = createRequire(path.join(/* turbopackIgnore: true */ process.cwd(), "package.json"));
  const folder = path.dirname(require.resolve("@prisma/schema-engine-wasm"));
  const bytes = await readFile(path.join(folder, "schema_engine_bg.wasm"));
  const imports = { "./schema_engine_bg.js": looseTimers(glue) };
  const { instance } = await WebAssembly.instantiate(bytes, imports);
  const exports = instance.exports as EngineExports;
  typed.__wbg_set_wasm(exports);
  exports.__wbindgen_start();
  return typed.SchemaEngine;
}

const charType = 18;
const textType = 25;

interface EnginePool {
  pool: pg.Pool;
  /** Which columns of a result, by its rows, are of PostgreSQL's one-byte type "char". */
  charColumns: WeakMap<object, number[]>;
}

/** The engine reads "char" columns of the catalogue when it describes a schema; the adapter refuses the type, so it is told "text". */
function openPool(url: string): EnginePool {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  pool.on("error", () => undefined);
  const charColumns = new WeakMap<object, number[]>();
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<pg.QueryResult>;
  const disguised = async (...args: unknown[]) => {
    const result = await query(...args);
    const fields = result.fields ?? [];
    charColumns.set(
      result.rows ?? [],
      fields.flatMap((field, index) => (field.dataTypeID === charType ? [index] : [])),
    );
    for (const field of fields) if (field.dataTypeID === charType) field.dataTypeID = textType;
    return result;
  };
  return { pool: Object.assign(pool, { query: disguised }), charColumns };
}

/**
 * The adapter, mended in two places. It splits scripts at every semicolon and commits each piece by itself: a trigger's body would be
 * cut in two, and a killed migration would stay half done; sent as one simple query, PostgreSQL runs the script in one transaction
 * (PostgreSQL manual, "Multiple Statements in a Simple Query"). And "char" columns get the engine's name for their type.
 */
async function mendedAdapter({ pool, charColumns }: EnginePool): ReturnType<PrismaPg["connect"]> {
  const adapter = await new PrismaPg(pool).connect();
  const queryRaw = adapter.queryRaw.bind(adapter);
  adapter.executeScript = async (script) => void (await pool.query(script));
  adapter.queryRaw = async (query) => {
    const result = await queryRaw(query);
    for (const index of charColumns.get(result.rows) ?? []) result.columnTypes[index] = ColumnTypeEnum.Character;
    return result;
  };
  return adapter;
}

/** An empty database beside that of `url`, dropped when the engine disposes of it. The adapter's own would ignore a URL's database name. */
async function openShadow({ pool }: EnginePool, url: string): ReturnType<PrismaPg["connectToShadowDb"]> {
  const name = `policylayer_shadow_${randomBytes(6).toString("hex")}`;
  await pool.query(`CREATE DATABASE ${name}`);
  const target = new URL(url);
  target.pathname = `/${name}`;
  const shadow = openPool(target.href);
  const adapter = await mendedAdapter(shadow);
  adapter.dispose = async () => {
    await shadow.pool.end();
    await pool.query(`DROP DATABASE ${name} WITH (FORCE)`);
  };
  return adapter;
}

/**
 * Runs `work` with Prisma's own schema engine, in this process, on the database of `url`; its connection is closed afterwards.
 * `datamodel` is the text of schema.prisma. Throws what PostgreSQL said, not the engine's number for it.
 */
export async function withSchemaEngine<T>(
  url: string,
  datamodel: string,
  work: (engine: SchemaEngine) => Promise<T>,
): Promise<T> {
  const type = await singleton("db.schemaEngine", loadEngine);
  const main = openPool(url);
  const factory = new PrismaPg(main.pool);
  factory.connect = async () => mendedAdapter(main);
  factory.connectToShadowDb = async () => openShadow(main, url);
  const bound = bindMigrationAwareSqlAdapterFactory(factory);
  try {
    const engine = await type.new({ datamodels: [["schema.prisma", datamodel]] }, () => undefined, bound);
    return await work(engine).finally(() => engine.free());
  } catch (error) {
    const id = /External error id#(\d+)/.exec(error instanceof Error ? error.message : "")?.[1];
    throw (id !== undefined && bound.errorRegistry.consumeError(Number(id))?.error) || error;
  } finally {
    await main.pool.end();
  }
}
