import "server-only";
import { parsePolicy } from "@/lib/policy/parse";
import { writePolicyJson } from "@/lib/policy/to-json";
import { writePolicy } from "@/lib/policy/to-yaml";
import type { Invocation } from "./commands";
import { CommandFailure, exits, type Exit } from "./exit-codes";
import { openGateway } from "./gateway.server";
import { getPolicyNamed } from "./gateway-policies.server";
import { hasErrors, problemCount, problemLines } from "./problem-lines";
import { readFiles, writeResult } from "./read-files";
import type { Terminal } from "./terminal";

/** `policylayer export`: a policy in canonical YAML or JSON; from the gateway, without a format, the live text as it is. */
export async function runExport(asked: Invocation, terminal: Terminal): Promise<Exit> {
  const format = readFormat(asked.value("format"));
  const name = asked.value("policy");
  const [file, isTwo] = [asked.files[0], asked.files.length > 0 && name !== null];
  if (isTwo || (file === undefined && name === null)) {
    throw new CommandFailure(exits.usage, "export needs one of FILE and --policy NAME");
  }
  const source =
    name === null
      ? await readFiles(terminal, asked.files).then(([one]) => one)
      : await fromGateway(name, asked, terminal);
  const text = source?.text ?? "";
  const written = name !== null && format === null ? text : write(source?.file ?? "", text, format ?? "yaml", terminal);
  await writeResult(terminal, { file: asked.value("output"), force: asked.has("force") }, written);
  return exits.ok;
}

function readFormat(format: string | null): "yaml" | "json" | null {
  if (format === null || format === "yaml" || format === "json") return format;
  throw new CommandFailure(exits.usage, `--format is yaml or json, not ${format}`);
}

async function fromGateway(name: string, asked: Invocation, terminal: Terminal) {
  const gateway = openGateway(asked, terminal);
  const policy = await getPolicyNamed(gateway, name);
  if (policy.liveVersion === null) throw new CommandFailure(exits.failed, `${name} has no live version`);
  return { file: name, text: policy.text };
}

function write(file: string, text: string, format: "yaml" | "json", { err, paintErr }: Terminal): string {
  const parsed = parsePolicy(text);
  if (parsed.ok) return format === "json" ? writePolicyJson(parsed.document) : writePolicy(parsed.document);
  for (const line of problemLines(
    file,
    parsed.problems.filter((problem) => hasErrors([problem])),
    paintErr,
  ))
    err(line);
  throw new CommandFailure(exits.failed, `${file}: ${problemCount(parsed.problems)}, nothing was written`);
}
