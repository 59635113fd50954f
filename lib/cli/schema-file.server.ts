import "server-only";
import { policyJsonSchema } from "@/lib/policy/json-schema";
import type { Invocation } from "./commands";
import { exits, type Exit } from "./exit-codes";
import { writeResult } from "./read-files";
import type { Terminal } from "./terminal";

/** `policylayer schema`: the JSON Schema of the language. */
export async function runSchema(asked: Invocation, terminal: Terminal): Promise<Exit> {
  const text = `${JSON.stringify(policyJsonSchema(), null, 2)}\n`;
  await writeResult(terminal, { file: asked.value("output"), force: asked.has("force") }, text);
  return exits.ok;
}
