const brand = Symbol.for("policylayer.StartError");

/** Exit code of a configuration that cannot work; the text says what to change. */
export const exitConfig = 1;

/** Exit code when another process owns the data folder (EX_TEMPFAIL of sysexits.h: try again once that process is gone). */
export const exitInUse = 75;

/** A start that must end with a plain text for the operator and an exit code, without a stack. Recognise it with `isStartError`. */
export class StartError extends Error {
  readonly exitCode: number;
  readonly [brand] = true;

  constructor(message: string, exitCode: number = exitConfig, cause?: unknown) {
    super(message, { cause });
    this.name = "StartError";
    this.exitCode = exitCode;
  }
}

/** True for a StartError, also for one made by the process's other bundle. */
export function isStartError(value: unknown): value is StartError {
  return typeof value === "object" && value !== null && brand in value;
}
