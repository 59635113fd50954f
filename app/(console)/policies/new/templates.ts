import { readFile } from "node:fs/promises";
import path from "node:path";
import type { TemplateText } from "@/components/policy-editor/template-picker";
import { policyTemplates } from "@/lib/policy/templates";

const blank = `version: "1"
description: ""

# What no tool below lists is denied.
default: deny

tools: {}
`;

/** The texts that a new policy may start from: the blank one, then the templates that come with the product. */
export async function listTemplates(): Promise<TemplateText[]> {
  const folder = path.join(/* turbopackIgnore: true */ process.cwd(), "lib/policy/templates");
  const texts = policyTemplates.map(async ({ id }) => ({
    id,
    text: await readFile(path.join(folder, `${id}.yaml`), "utf8"),
  }));
  return [{ id: "blank", text: blank }, ...(await Promise.all(texts))];
}
