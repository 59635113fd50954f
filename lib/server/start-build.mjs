// Builds the console (.next), the server (dist/server.mjs) and the command line (dist/cli.mjs) when their sources changed.
// Node built-ins only.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { run } from "./start-steps.mjs";

const sources = [
  "app",
  "components",
  "lib",
  "public",
  "prisma/schema.prisma",
  "next.config.mjs",
  "postcss.config.mjs",
  "tsconfig.json",
  "package-lock.json",
];
const isSource = (name) => !/\.(test|bench)\.tsx?$|^lib\/testing\/|^lib\/db\/generated\/|\.tsbuildinfo$/.test(name);

/** Builds unless the build on disk was made from exactly these sources. */
export async function build(root, note) {
  const stampFile = path.join(root, ".next", "policylayer-stamp");
  const wanted = fingerprint(root);
  const parts = [stampFile, path.join(root, ".next", "BUILD_ID"), path.join(root, "dist", "server.mjs")];
  if (parts.every((file) => existsSync(file)) && readFileSync(stampFile, "utf8") === wanted) {
    note("up to date");
    return false;
  }
  // What a build that failed or was stopped left in the bundler's cache can make every later build fail.
  if (!existsSync(stampFile)) rmSync(path.join(root, ".next", "cache"), { recursive: true, force: true });
  rmSync(stampFile, { force: true });
  await run(process.execPath, [path.join(root, "node_modules/next/dist/bin/next"), "build"], {
    cwd: root,
    env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
  });
  const { build: bundle } = await import("esbuild");
  await bundle(bundleOptions(root));
  await buildCli(root, () => undefined);
  writeFileSync(stampFile, wanted);
  return true;
}

/** Packages that are bundled too still ask for Node's own with `require`. */
const requireLine = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

/**
 * Bundles lib/cli into dist/cli.mjs unless the bundle on disk was made from exactly these sources; its stamp lists them. One
 * file with its packages starts twice as fast as many. It is moved into place whole, because several commands may run at once.
 */
export async function buildCli(root, note) {
  const file = path.join(root, "dist", "cli.mjs");
  const stampFile = path.join(root, "dist", "cli.json");
  if (existsSync(file) && isStampOf(root, stampFile)) {
    note("up to date");
    return false;
  }
  const { build: bundle } = await import("esbuild");
  const { metafile, outputFiles } = await bundle({
    ...bundleOptions(root),
    entryPoints: { cli: "lib/cli/cli.server.ts" },
    packages: "bundle",
    banner: { js: requireLine },
    minifyWhitespace: true,
    sourcemap: false,
    metafile: true,
    write: false,
  });
  const inputs = [...Object.keys(metafile.inputs), "lib/server/start-build.mjs", "tsconfig.json", "package-lock.json"];
  const names = inputs.filter((name) => !name.includes("node_modules/")).sort();
  mkdirSync(path.dirname(file), { recursive: true });
  moveInto(file, outputFiles[0].contents);
  moveInto(stampFile, JSON.stringify({ names, hash: hashOf(root, names) }));
  return true;
}

function isStampOf(root, stampFile) {
  try {
    const { names, hash } = JSON.parse(readFileSync(stampFile, "utf8"));
    return hashOf(root, names) === hash;
  } catch {
    return false;
  }
}

function moveInto(file, content) {
  const made = `${file}.${process.pid}`;
  writeFileSync(made, content);
  renameSync(made, file);
}

/** How lib/server becomes dist/server.mjs: packages stay outside, `server-only` (which throws outside Next) is empty. */
export function bundleOptions(root) {
  return {
    absWorkingDir: root,
    entryPoints: { server: "lib/server/boot.server.ts" },
    outdir: "dist",
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    packages: "external",
    alias: { "server-only": path.join(root, "node_modules/server-only/empty.js") },
    sourcemap: true,
    logLevel: "silent",
  };
}

function fingerprint(root) {
  return hashOf(root, sources.flatMap((source) => filesOf(root, source)).filter(isSource));
}

function hashOf(root, names) {
  const hash = createHash("sha256").update(process.versions.node);
  for (const name of names) {
    hash
      .update(`${name}\0`)
      .update(readFileSync(path.join(root, name)))
      .update("\0");
  }
  return hash.digest("hex");
}

function filesOf(root, name) {
  const full = path.join(root, name);
  if (!existsSync(full)) return [];
  if (path.extname(name) !== "" && !name.endsWith("/")) return [name];
  return readdirSync(full, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join("/"))
    .sort();
}
