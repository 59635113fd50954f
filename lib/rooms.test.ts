import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { format } from "prettier";
import { describe, expect, test } from "vitest";
import { errorsDoc } from "@/lib/testing/errors-doc";
import { rooms } from "./rooms.mjs";

const root = path.resolve(import.meta.dirname, "..");

function filesOf(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|tsx|mjs)$/.test(entry.name))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .filter((file) => !file.startsWith("lib/db/generated/") && !file.includes("node_modules/"));
}

const read = (file: string) => readFileSync(path.join(root, file), "utf8");
const sources = ["app", "components", "e2e", "lib"].flatMap(filesOf);

/** A path of imports that leads back to its beginning; null when there is none. */
function findCycle(): string[] | null {
  const visit = (room: string, trail: readonly string[]): string[] | null => {
    if (trail.includes(room)) return [...trail, room];
    for (const next of rooms[room] ?? []) {
      const found = visit(next, [...trail, room]);
      if (found) return found;
    }
    return null;
  };
  for (const room of Object.keys(rooms)) {
    const found = visit(room, []);
    if (found) return found;
  }
  return null;
}

describe("the import table", () => {
  test("has no cycle", () => expect(findCycle()).toBeNull());

  test("names every folder of lib and nothing else", () => {
    const folders = readdirSync(path.join(root, "lib"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map((entry) => entry.name).sort()).toEqual(Object.keys(rooms).sort());
  });

  test("names only rooms that it lists", () => {
    expect(
      Object.values(rooms)
        .flat()
        .filter((room) => !(room in rooms)),
    ).toEqual([]);
  });

  test("agrees with its copy in the README", () => {
    const copy = /<!-- rooms -->([\s\S]*?)<!-- \/rooms -->/.exec(read("README.md"))?.[1] ?? "";
    const rows = copy
      .split("\n")
      .filter((line) => line.startsWith("| "))
      .slice(2)
      .map((line) => line.split("|").map((cell) => cell.trim()));
    const above: string[] = [];
    for (const [, room = "", , mayImport = ""] of rows) {
      const listed = mayImport.startsWith("every room")
        ? [...above]
        : mayImport.split(", ").filter((name) => name !== "–");
      expect(listed.sort(), room).toEqual([...(rooms[room] ?? [])].sort());
      above.push(room);
    }
    expect(above.sort()).toEqual(Object.keys(rooms).sort());
  });
});

describe("files", () => {
  test("have at most 400 lines", () => {
    expect(sources.filter((file) => read(file).trimEnd().split("\n").length > 400)).toEqual([]);
  });

  test("that touch the world begin with the lock against client bundles", () => {
    const services = sources.filter((file) => file.endsWith(".server.ts"));
    expect(services.length).toBeGreaterThan(0);
    expect(services.filter((file) => !read(file).startsWith('import "server-only";'))).toEqual([]);
  });
});

test("docs/errors.md is the error table", async () => {
  await expect(await format(errorsDoc(), { parser: "markdown", printWidth: 120 })).toMatchFileSnapshot(
    "../docs/errors.md",
  );
});
