import "server-only";
import { appendFile, mkdir, readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import type { Spool } from "./outbox";
import type { Settlement } from "./settlement";

const extension = ".outcomes";

const Line = z.object({
  decisionId: z.uuid(),
  orgId: z.uuid(),
  state: z.enum(["posted", "void", "in_doubt"]),
  end: z.enum(["success", "failure", "tool_error", "unknown"]),
  reason: z.string().nullable(),
  upstreamStatus: z.number().nullable(),
  upstreamMs: z.number().nullable(),
  totalMs: z.number().nullable(),
});

/**
 * Outcomes that the database could not take, one JSON text per line in a file of this process (mode 0600), flushed to disk. Holds
 * ids, states and times, no argument. Writes happen in order; one that fails is reported and the outcome stays in memory.
 */
export class FileSpool implements Spool {
  readonly #folder: string;
  readonly #file: string;
  readonly #onError: (error: unknown) => void;
  #work: Promise<void> = Promise.resolve();

  constructor(folder: string, owner: string, onError: (error: unknown) => void) {
    this.#folder = folder;
    this.#file = path.join(folder, owner + extension);
    this.#onError = onError;
  }

  append(settlements: readonly Settlement[]): void {
    this.#queue(() => this.#write(settlements));
  }

  clear(): void {
    this.#queue(() => rm(this.#file, { force: true }));
  }

  /** Resolves when everything asked for so far is on disk. */
  async idle(): Promise<void> {
    await this.#work;
  }

  /**
   * Takes over what earlier processes left in the folder: their lines are written to this one's file before theirs is removed, so a
   * crash in between only doubles them. Settling is idempotent, so a file whose owner still lives does no harm. A torn last line is left
   * out; its reservation is swept to in doubt.
   */
  async adopt(): Promise<Settlement[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const found: Settlement[] = [];
    for (const name of names.filter((one) => one.endsWith(extension))) {
      const file = path.join(this.#folder, name);
      const settlements = parseLines(await readFile(file, "utf8"));
      found.push(...settlements);
      this.#queue(async () => {
        if (settlements.length > 0) await this.#write(settlements);
        await rm(file, { force: true });
      });
    }
    await this.#work;
    return found;
  }

  async #write(settlements: readonly Settlement[]): Promise<void> {
    const text = settlements.map((settlement) => `${JSON.stringify(settlement)}\n`).join("");
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await appendFile(this.#file, text, { mode: 0o600, flush: true });
  }

  #queue(step: () => Promise<void>): void {
    this.#work = this.#work.then(step).catch(this.#onError);
  }
}

function parseLines(text: string): Settlement[] {
  return text.split("\n").flatMap((line) => {
    try {
      const parsed = Line.safeParse(JSON.parse(line));
      return parsed.success ? parsed.data : [];
    } catch {
      return [];
    }
  });
}
