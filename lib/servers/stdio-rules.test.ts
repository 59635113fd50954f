import { expect, test } from "vitest";
import { isAllowedCommand, lastWords, processEnvironment, stdioRefusal, variableRefusal } from "./stdio-rules";

const stdio = { commands: ["npx", "/opt/mcp/server"], path: "/usr/bin" };

test("processes are off unless switched on and unless a command is named", () => {
  expect(stdioRefusal(null)).toMatch(/ALLOW_STDIO=1/);
  expect(stdioRefusal({ ...stdio, commands: [] })).toMatch(/STDIO_COMMANDS/);
  expect(stdioRefusal(stdio)).toBeNull();
});

test.each(["/usr/bin/npx", "npx ", "npx;sh", "NPX", "/opt/mcp/../mcp/server", "opt/mcp/server", "sh", ""])(
  "a command is allowed only letter by letter: %j is not",
  (command) => {
    expect(isAllowedCommand(stdio, command)).toBe(false);
    expect(isAllowedCommand(null, "npx")).toBe(false);
    expect(stdio.commands.every((listed) => isAllowedCommand(stdio, listed))).toBe(true);
  },
);

test.each([
  "LD_PRELOAD",
  "LD_LIBRARY_PATH",
  "DYLD_INSERT_LIBRARIES",
  "NODE_OPTIONS",
  "PATH",
  "HOME",
  "BASH_ENV",
  "ENV",
  "IFS",
])("%s, which decides what is run, is refused", (name) => {
  expect(variableRefusal(name)).not.toBeNull();
  expect(processEnvironment("/usr/bin", "/tmp/x", { [name]: "evil", OWN: "1" })).toEqual({
    OWN: "1",
    PATH: "/usr/bin",
    HOME: "/tmp/x",
    TMPDIR: "/tmp/x",
  });
});

test.each(["API_KEY", "_x", "HOST", "api_key2"])("%s is a variable of the server", (name) => {
  expect(variableRefusal(name)).toBeNull();
});

test.each(["", "2X", "A-B", "A B", "A=B", "Ä", "A\0"])("%j is no name of a variable", (name) => {
  expect(variableRefusal(name)).not.toBeNull();
});

test("U11 last words hold no secret, no control character and at most 300 characters", () => {
  expect(lastWords("one\ntwo \u001b[31mred\r\nkey sk-123456 and sk-12345\n", ["sk-12345", "sk-123456"])).toBe(
    "two  [31mred / key … and …",
  );
  expect(lastWords("x".repeat(5_000), [])).toHaveLength(300);
  expect(lastWords("\n \n", [])).toBe("");
});
