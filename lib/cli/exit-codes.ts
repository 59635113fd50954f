/** How a command ends. The table of `policylayer help` and of docs/cli.md. */
export const exits = {
  ok: 0,
  failed: 1,
  pending: 2,
  refused: 3,
  conflict: 4,
  usage: 64,
  unreadable: 66,
} as const;

export type Exit = (typeof exits)[keyof typeof exits];

/** What each code means, in the order of the codes. */
export const exitMeanings: readonly (readonly [Exit, string])[] = [
  [exits.ok, "done: valid, passed, unchanged"],
  [exits.failed, "a policy has errors, a test failed, a file is not formatted, or the gateway refused"],
  [exits.pending, "plan: there are changes to apply"],
  [exits.refused, "explain --exit-code: the call is not allowed"],
  [exits.conflict, "apply: somebody else published meanwhile; nothing was overwritten"],
  [exits.usage, "the command line is wrong"],
  [exits.unreadable, "a file cannot be read or written"],
];

/** Ends a command with a text for people, which never holds a secret. Recognise it by its `name`. */
export class CommandFailure extends Error {
  readonly exit: Exit;
  /** What to do about it. */
  readonly hint: string | null;

  constructor(exit: Exit, message: string, hint: string | null = null) {
    super(message);
    this.name = "CommandFailure";
    this.exit = exit;
    this.hint = hint;
  }
}

/** True for a failure that was meant for people, also when it was made by another copy of this module. */
export function isCommandFailure(value: unknown): value is CommandFailure {
  return value instanceof Error && value.name === "CommandFailure";
}
