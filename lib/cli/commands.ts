import type { Exit } from "./exit-codes";
import type { Terminal } from "./terminal";

export interface Option {
  /** How the value is called in help; null: a switch. */
  readonly value: string | null;
  readonly short?: string;
  readonly text: string;
}

export type Options = Readonly<Record<string, Option>>;

/** What a command is and takes; help, reading of the command line and docs follow from it. */
export interface Command {
  readonly summary: string;
  /** Its forms, without the program's name. */
  readonly usage: readonly string[];
  readonly options: Options;
  /** Lines below the options: what it prints, how it ends. */
  readonly notes: readonly string[];
  readonly files: { readonly least: number; readonly most: number };
}

/** What somebody asked for. */
export interface Invocation {
  readonly files: readonly string[];
  /** The value of an option, the last one where it was given twice; null when it was not given. */
  value(option: string): string | null;
  /** Every value of an option that may be given often. */
  values(option: string): readonly string[];
  has(option: string): boolean;
}

export type Run = (asked: Invocation, terminal: Terminal) => Promise<Exit>;

const many = { least: 1, most: 1000 };
const one = { least: 1, most: 1 };
const none = { least: 0, most: 0 };
const json: Options = { json: { value: null, text: "print JSON for programs" } };
const output: Options = {
  output: { value: "FILE", short: "o", text: "write a new file instead of stdout" },
  force: { value: null, text: "with -o: replace a file that exists" },
};
const gateway: Options = {
  url: { value: "URL", text: "origin of the gateway (or POLICYLAYER_URL)" },
  token: { value: "TOKEN", text: "API token plt_… (better: POLICYLAYER_TOKEN, which no process list shows)" },
  insecure: { value: null, text: "send the token over plain http to another machine" },
};
const named: Options = {
  policy: { value: "NAME", text: "name of the policy; otherwise the file's name without its ending" },
};
const gatewayNote =
  "The token needs the role policy_manager to apply; to plan, viewer is enough. Settings, API tokens makes one.";

export const commands = {
  validate: {
    summary: "check policies: every problem with its place and a hint",
    usage: ["validate FILE… [--tools FILE] [--json]"],
    options: {
      ...json,
      tools: { value: "FILE", text: "a server's tools/list answer: also warn of tools and arguments that it lacks" },
    },
    notes: [
      "Warnings do not fail. With --json: the list of problems, each {severity, code, path, line, column, message, hint};",
      "with several files each has a `file` too.",
    ],
    files: many,
  },
  test: {
    summary: "run the tests that stand in policies",
    usage: ["test FILE… [--json]"],
    options: json,
    notes: [
      "With --json: {passed, failed, results: [{file, name, ok, expected, actual, rule}]}. A file with errors is one failed",
      "result named (check), and `problems` lists its problems.",
    ],
    files: many,
  },
  explain: {
    summary: "judge one call and show why: rules, conditions, values, counters",
    usage: ["explain FILE --call CALL [--exit-code] [--json]", "explain FILE --test NAME [--exit-code] [--json]"],
    options: {
      call: {
        value: "CALL",
        text: "a file, `-`, or the text itself: {tool, args, given} or {call: {tool, args}, given}",
      },
      test: { value: "NAME", text: "take the call of a test in the file" },
      "exit-code": { value: null, text: "end with 3 when the call is not allowed" },
      ...json,
    },
    notes: [
      "`given` is that of tests: state, grant, server, client, tool, meta, now. Example:",
      "  policylayer explain payments.yaml --call '{tool: create_charge, args: {amount: 60000}}'",
    ],
    files: one,
  },
  scaffold: {
    summary: "write a first policy from a server's tools",
    usage: [
      "scaffold --tools FILE [--name NAME] [--safe] [-o FILE]",
      "scaffold --server NAME [--safe] [-o FILE] --url URL",
    ],
    options: {
      tools: { value: "FILE", text: "a tools/list answer as JSON: the answer, its result, or the bare list" },
      server: { value: "NAME", text: "a server that the gateway has scanned, by name or id" },
      name: { value: "NAME", text: "with --tools: how the server is called in the header" },
      safe: { value: null, text: "add a starter rule by risk instead of `rules: []`" },
      ...output,
      ...gateway,
    },
    notes: [],
    files: none,
  },
  fmt: {
    summary: "bring policies into one layout; comments stay",
    usage: ["fmt FILE… [--check | --stdout]"],
    options: {
      check: { value: null, text: "change nothing, name what is not formatted, end with 1" },
      stdout: { value: null, text: "print instead of writing (always so for `-`)" },
    },
    notes: [],
    files: many,
  },
  export: {
    summary: "write a policy in one canonical form, as YAML or JSON",
    usage: [
      "export FILE [--format yaml|json] [-o FILE]",
      "export --policy NAME [--format yaml|json] [-o FILE] --url URL",
    ],
    options: {
      format: { value: "yaml|json", text: "left out: yaml; from the gateway: the live text as it is" },
      policy: { value: "NAME", text: "the live version of a policy of the gateway" },
      ...output,
      ...gateway,
    },
    notes: [],
    files: { least: 0, most: 1 },
  },
  import: {
    summary: "turn a policy of the hosted JSON form into this language",
    usage: ["import FILE [-o FILE]"],
    options: output,
    notes: ["What could not be taken over as it was is said on stderr."],
    files: one,
  },
  templates: {
    summary: "list the policy templates, or print one",
    usage: ["templates [--json]", "templates NAME [--set VALUE=TEXT]… [-o FILE]"],
    options: {
      set: { value: "VALUE=TEXT", text: "give one of the template's values; the list names them. May be repeated" },
      ...output,
      json: { value: null, text: "print the list as JSON for programs" },
    },
    notes: [
      "Example:",
      "  policylayer templates payments-starter --set daily_cap=2000000 --set currencies=usd,eur -o payments.yaml",
    ],
    files: { least: 0, most: 1 },
  },
  schema: {
    summary: "print the JSON Schema of the language, for editors",
    usage: ["schema [-o FILE]"],
    options: output,
    notes: [],
    files: none,
  },
  plan: {
    summary: "compare policies with a running gateway; changes nothing",
    usage: ["plan FILE… --url URL [--policy NAME] [--json]"],
    options: { ...named, ...json, ...gateway },
    notes: [
      "Ends with 0 when nothing would change, 2 when there are changes, 1 on errors and failed tests.",
      gatewayNote,
    ],
    files: many,
  },
  apply: {
    summary: "publish policies on a running gateway, after the same comparison",
    usage: ["apply FILE… --url URL [--policy NAME] [--reason TEXT] [--base N] [--yes] [--json]"],
    options: {
      ...named,
      reason: { value: "TEXT", text: "why; kept with the version" },
      base: { value: "N", text: "publish only on top of live version N, as `plan` named it (0: on none)" },
      yes: { value: null, short: "y", text: "do not ask; needed where there is no terminal" },
      "allow-failing-tests": { value: null, text: "publish although tests of the file fail" },
      ...json,
      ...gateway,
    },
    notes: [
      "Publishes on top of the version that was compared. Ends with 4 when another one was published meanwhile.",
      "Policies that the files do not name are left alone; nothing is ever deleted.",
      gatewayNote,
    ],
    files: many,
  },
} as const satisfies Readonly<Record<string, Command>>;

export type CommandName = keyof typeof commands;

export const commandNames = Object.keys(commands) as CommandName[];

export function isCommandName(word: string): word is CommandName {
  return Object.hasOwn(commands, word);
}
