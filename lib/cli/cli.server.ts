import "server-only";
import { isAppError } from "@/lib/kernel/errors";
import { readCommandLine } from "./command-line.server";
import type { CommandName, Run } from "./commands";
import { exits, isCommandFailure, type Exit } from "./exit-codes";
import { runApply } from "./apply.server";
import { runExplain } from "./explain.server";
import { runExport } from "./export.server";
import { runFmt } from "./fmt.server";
import { isGatewayRefusal, type GatewayRefusal } from "./gateway.server";
import { runImport } from "./import.server";
import { harmless } from "./paint";
import { runPlan } from "./plan.server";
import { runScaffold } from "./scaffold.server";
import { runSchema } from "./schema-file.server";
import { runTemplates } from "./templates.server";
import { runTest } from "./test.server";
import type { Terminal } from "./terminal";
import { openTerminal } from "./terminal.server";
import { commandText, overviewText } from "./usage";
import { runValidate } from "./validate.server";

const runs: Readonly<Record<CommandName, Run>> = {
  validate: runValidate,
  test: runTest,
  explain: runExplain,
  scaffold: runScaffold,
  fmt: runFmt,
  export: runExport,
  import: runImport,
  templates: runTemplates,
  schema: runSchema,
  plan: runPlan,
  apply: runApply,
};

/**
 * The command `policylayer`: runs the arguments behind its name and answers the exit code of the table in docs/cli.md. Never
 * throws; a failure is one text on stderr, without a stack and without a secret.
 */
export async function runCli(args: readonly string[], at: { version: string; root: string }): Promise<Exit> {
  return runIn(openTerminal(at.root), args, at.version);
}

/** The same in a terminal of the caller's. */
export async function runIn(terminal: Terminal, args: readonly string[], version: string): Promise<Exit> {
  try {
    const line = readCommandLine(args);
    if (line.kind === "run") return await runs[line.command](line.asked, terminal);
    if (line.kind === "version") terminal.out(version);
    else terminal.out(line.command ? commandText(line.command, terminal.paint) : overviewText(version, terminal.paint));
    return exits.ok;
  } catch (error) {
    return report(error, terminal);
  }
}

function report(error: unknown, { err, paintErr }: Terminal): Exit {
  if (isCommandFailure(error)) {
    err(`${paintErr("red", "policylayer:")} ${error.message}`);
    if (error.hint !== null) err(error.hint);
    return error.exit;
  }
  if (isGatewayRefusal(error)) {
    for (const line of refusalLines(error)) err(line);
    return exits.failed;
  }
  const text = isAppError(error) || error instanceof Error ? error.message : String(error);
  err(`${paintErr("red", "policylayer:")} This is a fault of the program: ${text}`);
  return exits.failed;
}

/** What the gateway said, in its own words: what happened, what to check, what is wrong with the text. */
function refusalLines({ status, refusal }: GatewayRefusal): string[] {
  const issues = (refusal.issues ?? []).map(({ path, line, column, message, fix }) => {
    const place = line === undefined ? path : `${line}:${column ?? 1}`;
    return `  ${place}: ${message}${fix === undefined ? "" : ` (${fix})`}`;
  });
  const head = `policylayer: the gateway refused (${status} ${refusal.code}): ${refusal.title}`;
  return [head, ...issues, `Check: ${refusal.detail}`, `Request ${refusal.requestId}`].map(harmless);
}
