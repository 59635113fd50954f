import { readFileSync } from "node:fs";
import path from "node:path";
import { Instrumenter } from "@stryker-mutator/instrumenter";
import { build, type Plugin } from "esbuild";

const root = path.resolve(import.meta.dirname, "../..");

/** One small change of a source. Lines and columns count from 1; `ignored` is the reason that its source gives. */
export interface Mutant {
  id: string;
  file: string;
  line: number;
  column: number;
  mutator: string;
  original: string;
  replacement: string;
  ignored: string | null;
}

type Logger = ConstructorParameters<typeof Instrumenter>[0];
const ignore = (): void => undefined;
const never = (): boolean => false;
const logger: Logger = {
  ...{ isTraceEnabled: never, isDebugEnabled: never, isInfoEnabled: never, isWarnEnabled: never },
  ...{ isErrorEnabled: never, isFatalEnabled: never },
  ...{ trace: ignore, debug: ignore, info: ignore, error: ignore, fatal: ignore },
  // A directive that names no mutator would silently guard nothing.
  warn: (message: string) => {
    throw new Error(message);
  },
};

interface Place {
  line: number;
  column: number;
}

/** The text between two places that count from 0. */
function cut(content: string, start: Place, end: Place): string {
  const lines = content.split("\n").slice(start.line, end.line + 1);
  const last = lines.length - 1;
  lines[last] = lines[last]?.slice(0, end.column) ?? "";
  lines[0] = lines[0]?.slice(start.column) ?? "";
  return lines.join("\n");
}

/** Puts every mutant of the files into one text per file; which one is active is decided while it runs. */
async function instrument(files: readonly string[]): Promise<{ contents: Map<string, string>; mutants: Mutant[] }> {
  const sources = new Map(files.map((file) => [path.join(root, file), readFileSync(path.join(root, file), "utf8")]));
  const inputs = [...sources].map(([name, content]) => ({ name, content, mutate: true }));
  const options = { plugins: null, excludedMutations: [], ignorers: [] };
  const result = await new Instrumenter(logger).instrument(inputs, options);
  const mutants = result.mutants.map((mutant): Mutant => {
    const { start, end } = mutant.location;
    return {
      id: mutant.id,
      file: path.relative(root, mutant.fileName),
      line: start.line + 1,
      column: start.column + 1,
      mutator: mutant.mutatorName,
      original: cut(sources.get(mutant.fileName) ?? "", start, end),
      replacement: mutant.replacement,
      ignored: mutant.status === "Ignored" ? (mutant.statusReason ?? "") : null,
    };
  });
  return { contents: new Map(result.files.map(({ name, content }) => [name, content])), mutants };
}

/** Serves instrumented texts, and gives every file the `import.meta.dirname` that it has outside a bundle. */
function servePlugin(contents: ReadonlyMap<string, string>): Plugin {
  return {
    name: "mutants",
    setup(bundle) {
      bundle.onLoad({ filter: /\.ts$/ }, ({ path: file }) => {
        const content = contents.get(file) ?? readFileSync(file, "utf8");
        const dirname = JSON.stringify(path.dirname(file));
        return { contents: content.replaceAll("import.meta.dirname", dirname), loader: "ts" };
      });
    },
  };
}

/** All tests with the instrumented sources as one CommonJS text that takes `require`; packages stay outside. */
export async function bundleMutants(
  files: readonly string[],
  tests: readonly string[],
): Promise<{ mutants: Mutant[]; code: string }> {
  const { contents, mutants } = await instrument(files);
  const entry = tests.map((file) => `import ${JSON.stringify(path.resolve(root, file))};`).join("\n");
  const built = await build({
    stdin: { contents: entry, resolveDir: root, loader: "ts" },
    bundle: true,
    write: false,
    format: "cjs",
    platform: "node",
    target: "node20",
    packages: "external",
    alias: { "@": root, "server-only": path.join(root, "node_modules/server-only/empty.js") },
    plugins: [servePlugin(contents)],
    logLevel: "silent",
  });
  return { mutants, code: built.outputFiles[0]?.text ?? "" };
}
