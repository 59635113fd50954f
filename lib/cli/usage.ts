import { commandNames, commands, type Command, type CommandName, type Options } from "./commands";
import { exitMeanings } from "./exit-codes";
import type { Paint } from "./paint";

/** The text of `policylayer help`. */
export function overviewText(version: string, paint: Paint): string {
  const width = Math.max(...commandNames.map((name) => name.length));
  return [
    `policylayer ${version}: policies for the tool calls of AI agents, from the command line`,
    "",
    paint("bold", "Usage: policylayer COMMAND [options]"),
    "",
    ...commandNames.map((name) => `  ${paint("cyan", name.padEnd(width))}  ${commands[name].summary}`),
    "",
    "  policylayer COMMAND --help   options of a command",
    "  policylayer --version        version of this program",
    "",
    paint("bold", "Exit codes"),
    ...exitMeanings.map(([code, meaning]) => `  ${String(code).padStart(2)}  ${meaning}`),
    "",
    "FILE may be - for stdin. Colours are left out with NO_COLOR and where output is no terminal.",
    "Begin with: policylayer templates, or policylayer scaffold --tools tools.json",
  ].join("\n");
}

/** The text of `policylayer COMMAND --help`. */
export function commandText(name: CommandName, paint: Paint): string {
  const command: Command = commands[name];
  const [first = "", ...more] = command.usage;
  const rows = optionRows({ ...command.options, help: { value: null, short: "h", text: "this text" } });
  const width = Math.max(...rows.map(([left]) => left.length));
  return [
    `${paint("cyan", name)}: ${command.summary}`,
    "",
    paint("bold", `Usage: policylayer ${first}`),
    ...more.map((usage) => paint("bold", `       policylayer ${usage}`)),
    "",
    ...rows.map(([left, text]) => `  ${left.padEnd(width)}  ${text}`),
    ...(command.notes.length > 0 ? ["", ...command.notes] : []),
  ].join("\n");
}

function optionRows(options: Options): [string, string][] {
  return Object.entries(options).map(([name, { value, short, text }]) => {
    const names = short === undefined ? `    --${name}` : `-${short}, --${name}`;
    return [value === null ? names : `${names} ${value}`, text];
  });
}
