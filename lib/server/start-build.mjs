// Builds the console (.next) and the server (dist/server.mjs) when their sources changed. Node built-ins only.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
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
  writeFileSync(stampFile, wanted);
  return true;
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
  const hash = createHash("sha256").update(process.versions.node);
  for (const name of sources.flatMap((source) => filesOf(root, source)).filter(isSource)) {
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
