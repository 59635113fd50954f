import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { policyTemplates } from "@/lib/policy/templates";
import { runCommand } from "@/lib/testing/command";

const root = path.resolve(import.meta.dirname, "../..");
const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { version: string };
const policy = `version: "1"
# the cap
tools:
  create_charge:
    rules:
      - name: cap
        conditions:
          - { path: args.amount, op: lte, value: 500 }
tests:
  - name: over the cap
    call: { tool: create_charge, args: { amount: 501 } }
    expect: deny
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "policylayer-cli-"));
  writeFileSync(path.join(folder, "policy.yaml"), policy);
  writeFileSync(path.join(folder, "bad.yaml"), policy.replace("conditions", "condition"));
  writeFileSync(path.join(folder, "red.yaml"), policy.replace("expect: deny", "expect: allow"));
  writeFileSync(path.join(folder, "call.json"), '{"tool": "create_charge", "args": {"amount": 1e3}}');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]) => runCommand(args, { cwd: folder });

test("the program of package.json runs from any folder, and names files from there", async () => {
  const { bin } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { bin: { policylayer: string } };
  expect(path.join(root, bin.policylayer)).toBe(path.join(root, "lib/cli/policylayer.mjs"));
  expect(await run("--version")).toEqual({ exit: 0, out: `${version}\n`, err: "" });
  expect(await run("validate", "policy.yaml")).toEqual({ exit: 0, out: "✓ policy.yaml: no problems\n", err: "" });
});

test("every command that needs no gateway does its work and ends with its code", async () => {
  expect((await run("help")).exit).toBe(0);
  expect((await run("validate", "bad.yaml")).exit).toBe(1);
  expect((await run("validate", "nope.yaml")).exit).toBe(66);
  expect((await run("tset")).exit).toBe(64);
  expect((await run("test", "policy.yaml")).exit).toBe(0);
  const red = await run("test", "policy.yaml", "red.yaml", "--json");
  expect(red.exit).toBe(1);
  expect(JSON.parse(red.out)).toMatchObject({ passed: 1, failed: 1, results: [{ ok: true }, { ok: false }] });
  const explained = await run("explain", "policy.yaml", "--call", "call.json", "--exit-code");
  expect(explained).toMatchObject({
    exit: 3,
    out: expect.stringMatching(/args\.amount lte 500 +false +is 1000/) as string,
  });
  expect((await run("plan", "policy.yaml")).exit).toBe(64);
  expect((await run("apply", "policy.yaml")).exit).toBe(64);
});

test("stdin is a file, and its text comes back", async () => {
  const piped = await runCommand(["validate", "-", "--json"], { cwd: folder, input: policy });
  expect(piped).toEqual({ exit: 0, out: "[]\n", err: "" });
  const invalid = await runCommand(["fmt", "-"], { cwd: folder, input: "version: 2\n" });
  expect(invalid).toMatchObject({ exit: 1, out: "" });
});

test("fmt keeps comments, --check names what it would change, and a second run changes nothing", async () => {
  writeFileSync(path.join(folder, "loose.yaml"), policy.replace("tools:", "tools:   # all"));
  const checked = await run("fmt", "--check", "loose.yaml");
  expect(checked).toMatchObject({ exit: 1, out: expect.stringContaining("loose.yaml") as string });
  expect((await run("fmt", "loose.yaml")).exit).toBe(0);
  const formatted = readFileSync(path.join(folder, "loose.yaml"), "utf8");
  expect(formatted).toContain("# all");
  expect(formatted).toContain("# the cap");
  expect((await run("fmt", "--check", "loose.yaml")).exit).toBe(0);
  expect((await run("fmt", "--stdout", "loose.yaml")).out).toBe(formatted);
});

test("export, import and schema write what can be read back", async () => {
  const json = await run("export", "policy.yaml", "--format", "json");
  expect(JSON.parse(json.out)).toMatchObject({ version: "1", tools: { create_charge: { rules: [{ name: "cap" }] } } });
  expect((await runCommand(["validate", "-"], { cwd: folder, input: json.out })).exit).toBe(0);
  const hosted = JSON.stringify({
    default: "deny",
    hide: ["delete_customer"],
    tools: { create_charge: { require: [{ path: "args.amount", op: "lte", value: 500, on_deny: "Too much" }] } },
  });
  writeFileSync(path.join(folder, "hosted.json"), hosted);
  expect((await run("import", "hosted.json", "-o", "imported.yaml")).exit).toBe(0);
  const denied = await run("explain", "imported.yaml", "--call", "call.json");
  expect(denied.out).toContain("[POLICYLAYER POLICY DENIED] Too much");
  const schema = JSON.parse((await run("schema")).out) as { properties: object };
  expect(Object.keys(schema.properties)).toContain("tools");
});

test("every template is listed, and passes its own tests as it is printed", async () => {
  const listed = await run("templates");
  const files: string[] = [];
  for (const { id } of policyTemplates) {
    expect(listed.out).toContain(id);
    files.push(`${id}.yaml`);
    expect((await run("templates", id, "-o", `${id}.yaml`)).exit).toBe(0);
  }
  const tested = await run("test", ...files, "--json");
  expect(JSON.parse(tested.out)).toMatchObject({ failed: 0 });
  const filled = await run("templates", "daily-spend-cap", "--set", "cap=777");
  expect(filled.out).toContain("777");
  expect((await run("templates", "daily-spend-cap", "--set", "cup=777")).exit).toBe(64);
});

test("a reader that goes away ends the program quietly", async () => {
  const child = spawn(process.execPath, [path.join(root, "lib/cli/policylayer.mjs"), "schema"], { cwd: folder });
  let err = "";
  child.stderr.on("data", (part: Buffer) => (err += part.toString()));
  child.stdout.destroy();
  const exit = await new Promise((resolve) => child.once("close", resolve));
  expect([exit, err]).toEqual([0, ""]);
});
