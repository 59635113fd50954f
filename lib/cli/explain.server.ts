import "server-only";
import { compilePolicy } from "@/lib/policy/compile";
import { counterNames, usedFrom } from "@/lib/policy/counter-names";
import type { PolicyDocument } from "@/lib/policy/document";
import { explain } from "@/lib/policy/explain";
import { nearest } from "@/lib/policy/nearest";
import { parsePolicy } from "@/lib/policy/parse";
import { simulate } from "@/lib/policy/simulate";
import type { Problem } from "@/lib/policy/types";
import type { Invocation } from "./commands";
import { sha256 } from "./digest.server";
import { CommandFailure, exits, type Exit } from "./exit-codes";
import { explainJson } from "./explain-json";
import { explainLines, type Judged } from "./explain-lines";
import { jsonText } from "./json-text";
import { problemCount, problemLines } from "./problem-lines";
import { readFiles } from "./read-files";
import { readSample, sampleOf, type Sample } from "./read-sample";
import { shownName, type Terminal } from "./terminal";

/** `policylayer explain`: judges one call as the gateway would, with given counters, and shows every step. */
export async function runExplain(asked: Invocation, terminal: Terminal): Promise<Exit> {
  const [call, test] = [asked.value("call"), asked.value("test")];
  if ((call === null) === (test === null)) {
    throw new CommandFailure(
      exits.usage,
      "explain needs one of --call and --test",
      "policylayer explain --help shows both.",
    );
  }
  const [policy] = await readFiles(terminal, asked.files);
  const parsed = parsePolicy(policy?.text ?? "");
  if (!parsed.ok) throw refuse(policy?.file ?? "", parsed.problems, terminal);
  const { document } = parsed;
  const sample = call === null ? findTest(document, test ?? "") : await readCallOf(call, terminal);
  const judged = judge(document, sample);
  if (asked.has("json")) terminal.out(jsonText(explainJson(judged)));
  else for (const line of explainLines(judged, terminal.paint)) terminal.out(line);
  return asked.has("exit-code") && judged.simulation.verdict.kind !== "allow" ? exits.refused : exits.ok;
}

function judge(document: PolicyDocument, { facts, state }: Sample): Judged {
  const compiled = compilePolicy(document, { digest: sha256 });
  const names = counterNames(document);
  const simulation = simulate(compiled, facts, usedFrom(state, names));
  // The last name of a counter is the one that people write; the first is its own.
  const written = new Map([...names].map(([name, counter]) => [counter, name]));
  const counterNameOf = (counter: string): string => written.get(counter) ?? counter;
  return { facts, explanation: explain(compiled, facts), simulation, counterNameOf };
}

function findTest(document: PolicyDocument, name: string): Sample {
  const test = document.tests.find((one) => one.name === name);
  if (test) return sampleOf(test);
  const names = document.tests.map((one) => one.name);
  const close = nearest(name, names) ?? names.find((one) => one.startsWith(name));
  const hint = close ? `Did you mean ${JSON.stringify(close)}?` : null;
  throw new CommandFailure(exits.usage, `The policy has no test ${JSON.stringify(name)}`, hint);
}

/** A call as text, from a file, or from stdin. */
async function readCallOf(written: string, terminal: Terminal): Promise<Sample> {
  const isInline = written.trimStart().startsWith("{");
  const read = readSample(isInline ? written : await terminal.read(written));
  if (!read.ok) throw refuse(isInline ? "--call" : shownName(written), read.problems, terminal);
  return read.sample;
}

function refuse(file: string, problems: readonly Problem[], { err, paintErr }: Terminal): CommandFailure {
  for (const line of problemLines(file, problems, paintErr)) err(line);
  return new CommandFailure(exits.failed, `${file}: ${problemCount(problems)}, nothing was judged`);
}
