import { describe, expect, test } from "vitest";
import { policyTemplates } from "@/lib/policy/templates";
import { makeTerminal, type FakeTerminal } from "@/lib/testing/terminal";
import { runIn } from "./cli.server";

const tidy = `version: "1"

# what the shop may do
tools:
  create_charge:
    rules: []
`;
const bad = `version: "1"\ntools:\n  a:\n    rules: []\n    rulez: []\n`;
const tools = JSON.stringify({
  tools: [
    { name: "list_orders", description: "Lists orders", annotations: { readOnlyHint: true } },
    { name: "delete_order", description: "Deletes an order", inputSchema: { properties: { id: { type: "string" } } } },
  ],
});

async function run(terminal: FakeTerminal, ...args: string[]) {
  const exit = await runIn(terminal, args, "1.2.3");
  return { exit, out: terminal.takeOut(), err: terminal.takeErr() };
}

describe("a result goes to stdout, or to a new file", () => {
  test("-o leaves a file that exists alone, unless --force is given", async () => {
    const terminal = makeTerminal({ files: { t: tools, "kept.yaml": "mine" } });
    const plain = await run(terminal, "scaffold", "--tools", "t");
    expect(plain).toMatchObject({ exit: 0, err: "" });
    expect((await run(terminal, "scaffold", "--tools", "t", "-o", "kept.yaml")).exit).toBe(66);
    expect(terminal.files.get("kept.yaml")).toBe("mine");
    const forced = await run(terminal, "scaffold", "--tools", "t", "-o", "kept.yaml", "--force");
    expect(forced).toEqual({ exit: 0, out: "", err: "Wrote kept.yaml.\nNext: policylayer validate kept.yaml\n" });
    expect(terminal.files.get("kept.yaml")).toBe(plain.out);
  });
});

describe("scaffold", () => {
  test.each([[[]], [["--safe"]]])("with %j validates without errors and lists every tool", async (flags) => {
    const terminal = makeTerminal({ files: { t: tools } });
    const { out } = await run(terminal, "scaffold", "--tools", "t", "--name", "shop", ...flags);
    expect(out).toContain("shop: 2 tools");
    expect(out.includes("require_approval")).toBe(flags.length > 0);
    terminal.files.set("p", out);
    expect((await run(terminal, "validate", "p", "--tools", "t")).exit).toBe(0);
    expect(out).toMatch(/^ {2}list_orders:$/m);
    expect(out).toMatch(/^ {2}delete_order:$/m);
  });

  test("needs one source", async () => {
    expect((await run(makeTerminal(), "scaffold")).exit).toBe(64);
    expect((await run(makeTerminal(), "scaffold", "--tools", "t", "--server", "s")).exit).toBe(64);
  });
});

describe("fmt", () => {
  test("rewrites what is not formatted, says so, and keeps comments", async () => {
    const terminal = makeTerminal({
      files: { "a.yaml": tidy.replace("create_charge:", "create_charge :"), "b.yaml": tidy },
    });
    const { exit, out } = await run(terminal, "fmt", "a.yaml", "b.yaml");
    expect([exit, out]).toEqual([0, "formatted a.yaml\n"]);
    expect(terminal.files.get("a.yaml")).toBe(tidy);
    expect((await run(terminal, "fmt", "--check", "a.yaml", "b.yaml")).exit).toBe(0);
  });

  test("--check and --stdout write nothing", async () => {
    const loose = tidy.replace("create_charge:", "create_charge :");
    const terminal = makeTerminal({ files: { "a.yaml": loose } });
    expect(await run(terminal, "fmt", "--check", "a.yaml")).toMatchObject({
      exit: 1,
      out: "not formatted a.yaml\n1 file. Next: policylayer fmt a.yaml\n",
    });
    expect(await run(terminal, "fmt", "--stdout", "a.yaml")).toEqual({ exit: 0, out: tidy, err: "" });
    expect(terminal.files.get("a.yaml")).toBe(loose);
  });

  test("a file with errors is left alone, and so are the others", async () => {
    const loose = tidy.replace("create_charge:", "create_charge :");
    const terminal = makeTerminal({ files: { "a.yaml": loose, "bad.yaml": bad } });
    const { exit, err } = await run(terminal, "fmt", "a.yaml", "bad.yaml");
    expect(exit).toBe(1);
    expect(err).toContain("bad.yaml:5:5: error unknown_key");
    expect(terminal.files.get("a.yaml")).toBe(loose);
  });
});

describe("export, import, schema", () => {
  test("export writes YAML or JSON that means the same", async () => {
    const terminal = makeTerminal({ files: { "a.yaml": tidy, "bad.yaml": bad } });
    const yaml = await run(terminal, "export", "a.yaml");
    const json = await run(terminal, "export", "a.yaml", "--format", "json");
    expect(JSON.parse(json.out)).toEqual({ version: "1", tools: { create_charge: { rules: [] } } });
    terminal.files.set("b.json", json.out);
    expect((await run(terminal, "export", "b.json")).out).toBe(yaml.out);
    expect(await run(terminal, "export", "bad.yaml")).toMatchObject({ exit: 1, out: "" });
    expect((await run(terminal, "export", "a.yaml", "--format", "toml")).exit).toBe(64);
    expect((await run(terminal, "export")).exit).toBe(64);
  });

  test("import writes a policy that validates, and refuses what is not of the hosted form", async () => {
    const hosted =
      '{"default":"deny","tools":{"a":{"deny_if":[{"path":"args.x","op":"gt","value":5,"on_deny":"No"}]}}}';
    const terminal = makeTerminal({ files: { "h.json": hosted, "x.json": '{"tools": 5' } });
    const { exit, out } = await run(terminal, "import", "h.json");
    expect(exit).toBe(0);
    terminal.files.set("p", out);
    const judged = await run(terminal, "explain", "p", "--call", "{tool: a, args: {x: 6}}");
    expect(judged.out).toContain("[POLICYLAYER POLICY DENIED] No");
    expect(await run(terminal, "import", "x.json")).toMatchObject({ exit: 1, out: "" });
  });

  test("schema prints a JSON Schema with the keys of a policy", async () => {
    const schema = JSON.parse((await run(makeTerminal(), "schema")).out) as { properties: object };
    expect(Object.keys(schema.properties)).toEqual(
      expect.arrayContaining(["version", "default", "hide", "tools", "tests"]),
    );
  });
});

describe("templates", () => {
  test("the list names every template and its values, for people and for programs", async () => {
    const { exit, out } = await run(makeTerminal(), "templates");
    expect(exit).toBe(0);
    const json = JSON.parse((await run(makeTerminal(), "templates", "--json")).out) as { id: string }[];
    expect(json.map(({ id }) => id)).toEqual(policyTemplates.map(({ id }) => id));
    for (const { id, values } of policyTemplates) {
      expect(out).toContain(`  ${id}\n`);
      for (const { name } of values) expect(out).toContain(`${name}=`);
    }
  });

  test("an unknown template or value ends with 64 and names what there is", async () => {
    const unknown = await run(makeTerminal(), "templates", "githb");
    expect(unknown).toMatchObject({ exit: 64, err: expect.stringContaining("Did you mean github?") as string });
    const value = await run(makeTerminal(), "templates", "github", "--set", "call=5");
    expect(value).toMatchObject({ exit: 64, err: expect.stringContaining("calls") as string });
    expect((await run(makeTerminal(), "templates", "github", "--set", "calls")).exit).toBe(64);
    expect((await run(makeTerminal(), "templates", "github", "--set", "calls=many")).exit).toBe(64);
  });
});
