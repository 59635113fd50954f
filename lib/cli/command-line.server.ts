import "server-only";
import { parseArgs } from "node:util";
import { nearest } from "@/lib/policy/nearest";
import { commandNames, commands, isCommandName, type Command, type CommandName, type Invocation } from "./commands";
import { CommandFailure, exits } from "./exit-codes";

export type CommandLine =
  | { kind: "help"; command: CommandName | null }
  | { kind: "version" }
  | { kind: "run"; command: CommandName; asked: Invocation };

const moreHelp = "policylayer help lists the commands.";

/** Reads the command line. Throws `CommandFailure` (64) that names what is wrong and the nearest thing that exists. */
export function readCommandLine(args: readonly string[]): CommandLine {
  const [first, ...rest] = args;
  if (first === undefined || first === "--help" || first === "-h") return { kind: "help", command: null };
  if (first === "--version" || first === "-v" || first === "-V") return { kind: "version" };
  if (first === "help") return { kind: "help", command: rest[0] === undefined ? null : requireCommand(rest[0]) };
  const command = requireCommand(first);
  const { values, files } = readOptions(command, rest);
  if (values.has("help")) return { kind: "help", command };
  const asked: Invocation = {
    files,
    value: (name) => values.get(name)?.at(-1) ?? null,
    values: (name) => values.get(name) ?? [],
    has: (name) => values.has(name),
  };
  requireFiles(command, files);
  return { kind: "run", command, asked };
}

function requireCommand(word: string): CommandName {
  if (isCommandName(word)) return word;
  const close = nearest(word, commandNames);
  const what = word.startsWith("-") ? `Unknown option ${word}: a command comes first` : `Unknown command ${word}`;
  throw new CommandFailure(exits.usage, what, close ? `Did you mean \`policylayer ${close}\`?` : moreHelp);
}

function requireFiles(name: CommandName, files: readonly string[]): void {
  const { files: wanted, usage }: Command = commands[name];
  if (files.length >= wanted.least && files.length <= wanted.most) return;
  const what =
    files.length < wanted.least ? `${name} needs a file` : `${name} does not take ${files[wanted.most] ?? ""}`;
  throw new CommandFailure(exits.usage, what, `Usage: policylayer ${usage[0] ?? name}`);
}

function readOptions(name: CommandName, args: readonly string[]) {
  const known: Command["options"] = { ...commands[name].options, help: { value: null, short: "h", text: "" } };
  const options = Object.fromEntries(
    Object.entries(known).map(([option, { value, short }]) => {
      const type = value === null ? ("boolean" as const) : ("string" as const);
      return [option, short === undefined ? { type } : { type, short }];
    }),
  );
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const values = new Map<string, string[]>();
  const files: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") files.push(token.value);
    if (token.kind !== "option") continue;
    const option = Object.hasOwn(known, token.name) ? known[token.name] : undefined;
    if (!option) throw unknownOption(name, token.rawName, Object.keys(known));
    values.set(token.name, [...(values.get(token.name) ?? []), readValue(token, option.value)]);
  }
  return { values, files };
}

interface OptionToken {
  name: string;
  rawName: string;
  value?: string | undefined;
  inlineValue?: boolean | undefined;
}

/** The text of an option; "" for a switch. */
function readValue({ rawName, value, inlineValue }: OptionToken, wanted: string | null): string {
  if (wanted === null) {
    if (value === undefined) return "";
    throw new CommandFailure(exits.usage, `${rawName} takes no value`);
  }
  const isForgotten = value === undefined || value === "" || (!inlineValue && value.startsWith("-") && value !== "-");
  if (isForgotten) throw new CommandFailure(exits.usage, `${rawName} needs a value: ${rawName} ${wanted}`);
  return value;
}

function unknownOption(command: CommandName, written: string, known: readonly string[]): CommandFailure {
  const close = written.startsWith("--") ? nearest(written.slice(2), known) : null;
  const hint = close ? `Did you mean --${close}?` : `policylayer ${command} --help lists the options.`;
  return new CommandFailure(exits.usage, `Unknown option ${written} of ${command}`, hint);
}
