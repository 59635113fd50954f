import type { StdioEnv } from "@/lib/env/schema";

/** Why processes of this machine cannot be servers here; null when they can. In words for the form and the API. */
export function stdioRefusal(stdio: StdioEnv | null): string | null {
  if (!stdio) return "Local processes are switched off: the operator of this gateway has to set ALLOW_STDIO=1";
  if (stdio.commands.length === 0)
    return "No command is allowed yet: the operator of this gateway has to name them in STDIO_COMMANDS";
  return null;
}

/** True when this very text is on the operator's list; nothing is resolved or unfolded before. */
export function isAllowedCommand(stdio: StdioEnv | null, command: string): boolean {
  return stdio?.commands.includes(command) ?? false;
}

/** What `url` holds for a process, so that lists can show every server by one column. */
export function stdioUrl(command: string): string {
  return `stdio:${command}`;
}

const reserved = /^(PATH|HOME|PWD|SHELL|IFS|ENV|BASH_ENV|NODE_OPTIONS|NODE_CHANNEL_FD|LD_.*|DYLD_.*)$/;

/**
 * Why a variable of this name is not given to a process; null for a name that may be used (POSIX.1-2017, section 8.1). Names
 * that make a program load or run something else are the operator's, not the console's.
 */
export function variableRefusal(name: string): string | null {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(name))
    return "Not the name of an environment variable: letters, digits and _";
  return reserved.test(name) ? "This variable is set by the gateway or decides what is run" : null;
}

/**
 * The whole environment of a process: the search path, an empty home, and the server's own variables. Nothing is inherited.
 */
export function processEnvironment(path: string, home: string, variables: Readonly<Record<string, string>>) {
  const own = Object.entries(variables).filter(([name]) => variableRefusal(name) === null);
  return { ...Object.fromEntries(own), PATH: path, HOME: home, TMPDIR: home } as Record<string, string>;
}

/** The last words of a process for a scan's failure: without the values that it was given, without control characters, short. */
export function lastWords(stderr: string, secrets: readonly string[]): string {
  let text = stderr;
  const known = [...secrets].filter((secret) => secret.length >= 4).sort((a, b) => b.length - a.length);
  for (const secret of known) text = text.replaceAll(secret, "…");
  const lines = text.split(/[\r\n]+/).map((line) => line.replace(/\p{C}+/gu, " ").trim());
  return lines
    .filter((line) => line !== "")
    .slice(-2)
    .join(" / ")
    .slice(-300);
}
