/**
 * What became of a `tools/call` that arrived: `executed` moved money or data; all others did nothing.
 * `declined`: tool error · `rejected`: HTTP failure · `refused`: bad arguments or unknown tool · `unanswered`: hangs · `reset`: cut off before it ran.
 */
export type CallOutcome = "executed" | "declined" | "rejected" | "refused" | "unanswered" | "reset";

export interface LedgerEntry {
  /** 1, 2, 3 … since the last reset. */
  readonly n: number;
  readonly tool: string;
  /** The arguments as JavaScript sees them; long numbers lose digits here, never in `rawArgs`. */
  readonly args: unknown;
  /** The arguments' JSON text exactly as it arrived. */
  readonly rawArgs: string;
  readonly at: string;
  readonly outcome: CallOutcome;
  /** Lower-case names of the HTTP headers that came with the call. */
  readonly headerNames: readonly string[];
}

export type Arrival = Omit<LedgerEntry, "n" | "outcome">;

/** Most entries kept; older ones go first. Numbers keep rising, so that a gap shows. */
const entriesMax = 50_000;

/** Everything that really reached the payments server, in order of arrival. Tests take it as the truth. */
export class PaymentsLedger {
  private rows: { n: number; arrival: Arrival; outcome: CallOutcome }[] = [];
  private count = 0;

  /** Notes an arrival; the returned function sets what became of it. */
  append(arrival: Arrival): (outcome: CallOutcome) => void {
    this.count += 1;
    const row = { n: this.count, arrival, outcome: "refused" as CallOutcome };
    this.rows.push(row);
    if (this.rows.length > entriesMax) this.rows.shift();
    return (outcome) => {
      row.outcome = outcome;
    };
  }

  entries(): LedgerEntry[] {
    return this.rows.map(({ n, arrival, outcome }) => ({ n, ...arrival, outcome }));
  }

  /** Only what moved money or data, of one tool when named. */
  executed(tool?: string): LedgerEntry[] {
    return this.entries().filter(
      (entry) => entry.outcome === "executed" && (tool === undefined || entry.tool === tool),
    );
  }

  reset(): void {
    this.rows = [];
    this.count = 0;
  }

  /** `{"entries":[…]}` with the arguments' own text in place, so that no number is rewritten on the way out. */
  toJson(): string {
    const rows = this.entries().map(({ n, tool, args: _args, rawArgs, at, outcome, headerNames }) => {
      const rest = JSON.stringify({ rawArgs, at, outcome, headerNames }).slice(1);
      return `{"n":${String(n)},"tool":${JSON.stringify(tool)},"args":${rawArgs},${rest}`;
    });
    return `{"entries":[${rows.join(",")}]}`;
  }
}
