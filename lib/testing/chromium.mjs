// Finds a Chromium for the browser tests without downloading one. On a machine without NSS or fonts the libraries and fonts
// that @sparticuz/chromium brings for such machines are unpacked beside it.
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

/** Resolves to the Chromium that was taken and the environment it needs. `folder` receives what has to be unpacked. */
export async function prepareChromium(folder) {
  const named = process.env.CHROMIUM_PATH;
  if (named) return { which: `${named} (CHROMIUM_PATH)`, env: {} };
  const system = "/usr/bin/chromium";
  if (existsSync(system)) return { which: system, env: { CHROMIUM_PATH: system } };
  return unpackBundled(folder);
}

async function unpackBundled(folder) {
  const before = process.env.TMPDIR;
  // The package unpacks into the folder for temporary files, and trusts what it finds there.
  process.env.TMPDIR = folder;
  try {
    const { default: chromium, inflate } = await import("@sparticuz/chromium");
    const program = await chromium.executablePath();
    const env = { CHROMIUM_PATH: program };
    const missing = missingLibraries(program);
    if (missing.length > 0) {
      const entry = createRequire(import.meta.url).resolve("@sparticuz/chromium");
      const libraries = await inflate(path.join(path.dirname(entry), "../bin/al2023.tar.br"));
      env.LD_LIBRARY_PATH = [path.join(libraries, "lib"), process.env.LD_LIBRARY_PATH].filter(Boolean).join(":");
    }
    if (!existsSync("/etc/fonts/fonts.conf")) {
      env.FONTCONFIG_FILE = path.join(folder, "fonts.conf");
      writeFileSync(env.FONTCONFIG_FILE, fontSettings(path.join(folder, "fonts"), path.join(folder, "fonts-cache")));
    }
    const lacking = missing.length > 0 ? `, with its own ${missing.join(", ")}` : "";
    return { which: `${program} (@sparticuz/chromium${lacking})`, env };
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}

function missingLibraries(program) {
  if (process.platform !== "linux") return [];
  const text = execFileSync("ldd", [program], { encoding: "utf8" });
  return [...text.matchAll(/^\s*(\S+) => not found/gm)].map((match) => match[1]);
}

function fontSettings(fonts, cache) {
  return `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>${fonts}</dir><cachedir>${cache}</cachedir></fontconfig>`;
}
