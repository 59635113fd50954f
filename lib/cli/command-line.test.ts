import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { readCommandLine, type CommandLine } from "./command-line.server";
import { commandNames, commands, type Command } from "./commands";
import { exitMeanings } from "./exit-codes";
import { plain } from "./paint";
import { commandText, overviewText } from "./usage";

function run(...args: string[]): Extract<CommandLine, { kind: "run" }> {
  const line = readCommandLine(args);
  if (line.kind !== "run") throw new Error(line.kind);
  return line;
}

describe("the command line", () => {
  test("options stand anywhere, with a space or an equals sign; - is a file", () => {
    const { command, asked } = run("validate", "a.yaml", "--tools=t.json", "-", "--json");
    expect(command).toBe("validate");
    expect(asked.files).toEqual(["a.yaml", "-"]);
    expect(asked.value("tools")).toBe("t.json");
    expect(asked.has("json")).toBe(true);
    expect(asked.has("tools")).toBe(true);
    expect(run("scaffold", "--tools", "-", "-o", "x.yaml").asked.value("output")).toBe("x.yaml");
    expect(run("validate", "--", "--json").asked.files).toEqual(["--json"]);
  });

  test("an option that may be given often keeps every value", () => {
    expect(run("templates", "x", "--set", "a=1", "--set", "b=2").asked.values("set")).toEqual(["a=1", "b=2"]);
    expect(run("templates", "x").asked.values("set")).toEqual([]);
  });

  test.each([
    [["validat", "a"], "Did you mean `policylayer validate`?"],
    [["validate", "--jsn", "a"], "Did you mean --json?"],
    [["validate", "-x", "a"], "policylayer validate --help"],
    [["frobnicate"], "policylayer help"],
    [["--json"], "policylayer help"],
    [["help", "aply"], "policylayer apply"],
    [["validate"], "Usage: policylayer validate FILE…"],
    [["explain", "a", "b", "--call", "{}"], "Usage: policylayer explain FILE"],
  ])("%j is wrong, and the nearest right thing is named", (args, hint) => {
    expect(() => readCommandLine(args)).toThrow(
      expect.objectContaining({ exit: 64, hint: expect.stringContaining(hint) as string }),
    );
  });

  test.each([
    [["scaffold", "--tools"], "--tools needs a value: --tools FILE"],
    [["scaffold", "--tools", "--safe"], "--tools needs a value"],
    [["scaffold", "--tools="], "--tools needs a value"],
    [["validate", "--json=yes", "a"], "--json takes no value"],
    [["validate", "--__proto__", "a"], "Unknown option --__proto__"],
  ])("%j is wrong: %s", (args, message) => {
    expect(() => readCommandLine(args)).toThrow(
      expect.objectContaining({ exit: 64, message: expect.stringContaining(message) as string }),
    );
  });

  test("help and version are found in every usual form", () => {
    for (const args of [[], ["help"], ["--help"], ["-h"]]) {
      expect(readCommandLine(args)).toEqual({ kind: "help", command: null });
    }
    for (const args of [
      ["help", "plan"],
      ["plan", "--help"],
      ["plan", "a.yaml", "-h"],
    ]) {
      expect(readCommandLine(args)).toEqual({ kind: "help", command: "plan" });
    }
    for (const args of [["--version"], ["-v"]]) expect(readCommandLine(args)).toEqual({ kind: "version" });
  });
});

describe("help", () => {
  test("names every command, every option and every exit code, in lines that fit a terminal", () => {
    const overview = overviewText("1.2.3", plain);
    for (const name of commandNames) {
      const command: Command = commands[name];
      const text = commandText(name, plain);
      expect(overview).toContain(`  ${name} `);
      for (const option of Object.keys(command.options)) expect(text).toContain(`--${option}`);
      expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(120);
    }
    for (const [code, meaning] of exitMeanings) expect(overview).toMatch(new RegExp(`^ +${code}  ${meaning}$`, "m"));
  });

  test("docs/cli.md has the same commands and exit codes", () => {
    const doc = readFileSync(path.resolve(import.meta.dirname, "../../docs/cli.md"), "utf8").replaceAll("\\|", "|");
    for (const name of commandNames) {
      for (const usage of commands[name].usage) expect(doc).toContain(`policylayer ${usage}`);
    }
    const rows = [...doc.matchAll(/^\| (\d+) +\| (.*?) +\|$/gm)].map(([, code, meaning]) => [Number(code), meaning]);
    expect(rows).toEqual(exitMeanings);
  });
});
