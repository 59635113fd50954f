import "server-only";
import { nearest } from "@/lib/policy/nearest";
import { fillTemplate } from "@/lib/policy/template-fill";
import {
  findTemplate,
  inputOf,
  policyTemplates,
  readValues,
  sentenceOf,
  type TemplateInfo,
} from "@/lib/policy/templates";
import type { Invocation } from "./commands";
import { CommandFailure, exits, type Exit } from "./exit-codes";
import { writeResult } from "./read-files";
import type { Terminal } from "./terminal";

/** `policylayer templates`: the list, or one template as a policy with its values filled in. */
export async function runTemplates(asked: Invocation, terminal: Terminal): Promise<Exit> {
  const [id] = asked.files;
  if (id === undefined) return list(asked, terminal);
  const template = requireTemplate(id);
  const read = readValues(template, inputsOf(asked.values("set")));
  if (!read.ok) {
    const text = read.problems.map(({ name, message }) => `--set ${name}: ${message}`).join("\n");
    const names = template.values.map((value) => value.name).join(", ");
    throw new CommandFailure(exits.usage, text, `Values of ${id}: ${names || "none"}.`);
  }
  const text = fillTemplate(await terminal.readTemplate(template.id), read.values);
  const file = asked.value("output");
  await writeResult(terminal, { file, force: asked.has("force") }, text);
  if (file !== null) terminal.err(`Next: policylayer test ${file}`);
  return exits.ok;
}

function requireTemplate(id: string): TemplateInfo {
  const template = findTemplate(id);
  if (template) return template;
  const close = nearest(
    id,
    policyTemplates.map((one) => one.id),
  );
  const hint = close ? `Did you mean ${close}?` : "policylayer templates lists them.";
  throw new CommandFailure(exits.usage, `There is no template ${id}`, hint);
}

function inputsOf(settings: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    settings.map((setting) => {
      const at = setting.indexOf("=");
      if (at < 1) throw new CommandFailure(exits.usage, `--set takes VALUE=TEXT, not ${setting}`);
      return [setting.slice(0, at), setting.slice(at + 1)];
    }),
  );
}

function list(asked: Invocation, { out, paint }: Terminal): Exit {
  if (asked.has("json")) {
    out(JSON.stringify(policyTemplates.map(toJson), null, 2));
    return exits.ok;
  }
  const titles = { policy: "For a whole server", block: "One rule or two to begin with" };
  for (const kind of ["policy", "block"] as const) {
    out(paint("bold", titles[kind]));
    for (const template of policyTemplates.filter((one) => one.kind === kind)) {
      out(`  ${paint("cyan", template.id)}`);
      out(`      ${sentenceOf(template, {})}`);
      const values = template.values.map((value) => `${value.name}=${inputOf(value)}`).join("  ");
      if (values !== "") out(paint("dim", `      ${values}`));
    }
    out("");
  }
  out(paint("dim", "Next: policylayer templates NAME -o policy.yaml"));
  return exits.ok;
}

function toJson(template: TemplateInfo): object {
  const { id, title, servers, kind } = template;
  const values = template.values.map((value) => {
    const { name, label, hint } = value;
    return { name, label, kind: value.kind, default: value.default, ...(hint === undefined ? {} : { hint }) };
  });
  return { id, title, sentence: sentenceOf(template, {}), servers, kind, values };
}
