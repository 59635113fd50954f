import { CommandFailure, exits } from "@/lib/cli/exit-codes";
import { plain } from "@/lib/cli/paint";
import type { Terminal } from "@/lib/cli/terminal";

/** A terminal without a screen: files are a map, and what was printed can be read. */
export interface FakeTerminal extends Terminal {
  readonly files: Map<string, string>;
  /** Everything on stdout so far, taken. */
  takeOut(): string;
  /** Everything on stderr so far, taken. */
  takeErr(): string;
  /** Questions that were asked. */
  readonly asked: string[];
}

interface Options {
  /** A map is shared, a record is copied. */
  files?: Readonly<Record<string, string>> | Map<string, string>;
  env?: Terminal["env"];
  /** What a person answers; undefined: nobody is there. */
  answer?: boolean;
}

export function makeTerminal({ files = {}, env = { url: null, token: null }, answer }: Options = {}): FakeTerminal {
  const stored = files instanceof Map ? files : new Map(Object.entries(files));
  const asked: string[] = [];
  let [out, err] = ["", ""];
  const take = (text: string, clear: () => void): string => {
    clear();
    return text;
  };
  return {
    files: stored,
    asked,
    env,
    paint: plain,
    paintErr: plain,
    isInteractive: answer !== undefined,
    out: (text) => void (out += `${text}\n`),
    err: (text) => void (err += `${text}\n`),
    raw: (text) => void (out += text),
    takeOut: () => take(out, () => (out = "")),
    takeErr: () => take(err, () => (err = "")),
    readTemplate: async (id) => `template ${id}\n`,
    async read(file) {
      const text = stored.get(file);
      if (text === undefined)
        throw new CommandFailure(exits.unreadable, `${file} cannot be read: there is no such file`);
      return text;
    },
    async write(file, text, options) {
      if (options?.isNew && stored.has(file))
        throw new CommandFailure(exits.unreadable, `${file} cannot be written: it exists`);
      stored.set(file, text);
    },
    async confirm(question) {
      asked.push(question);
      return answer ?? false;
    },
  };
}
