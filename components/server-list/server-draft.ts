import type { SecretRow } from "./secret-rows";

/** Whether a server may be a process of the gateway's machine. */
export interface LocalServers {
  /** Why not; null when it may. */
  refusal: string | null;
  /** Programs that may be started. */
  commands: readonly string[];
}

/** What the form "Add server" holds; of the fields for a URL and for a process only those of the transport count. */
export interface Draft {
  name: string;
  transport: "http" | "sse" | "stdio";
  url: string;
  allowPrivateNetwork: boolean;
  command: string;
  /** One argument per line. */
  argumentLines: string;
  headers: SecretRow[];
}

export const blankDraft: Draft = {
  name: "",
  transport: "http",
  url: "",
  allowPrivateNetwork: false,
  command: "",
  argumentLines: "",
  headers: [],
};

/** The draft as the API takes it; not yet judged. */
export function toInput(draft: Draft): object {
  const { name, transport, headers } = draft;
  if (transport !== "stdio") {
    return { name, transport, url: draft.url, allowPrivateNetwork: draft.allowPrivateNetwork, headers };
  }
  return { name, transport, command: draft.command, args: argumentsOf(draft.argumentLines), headers };
}

/** The arguments of a text with one on each line; empty lines are none, and every other character of a line counts. */
export function argumentsOf(lines: string): string[] {
  return lines.split(/\r?\n/).filter((line) => line !== "");
}
