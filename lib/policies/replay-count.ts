import type { RecordedCall, ReplayedCall } from "@/lib/policy/replay";
import type { ReplayDto, ReplayGroup } from "./schema";

const groupsMax = 500;
const samplesMax = 5;

/** Adds up what a draft would change, grouped by what it was, what it would be, tool, grant and rule. */
export class ReplayCount {
  #total = 0;
  #changed = 0;
  #undetermined = 0;
  readonly #groups = new Map<string, ReplayGroup>();
  readonly #transitions = new Map<string, number>();

  add(call: RecordedCall, { verdict, rule }: ReplayedCall, grant: string): void {
    this.#total += 1;
    if (verdict === call.decision) return;
    if (verdict === "undetermined") this.#undetermined += 1;
    else {
      this.#changed += 1;
      const transition = `${call.decision} → ${verdict}`;
      this.#transitions.set(transition, (this.#transitions.get(transition) ?? 0) + 1);
    }
    this.#group(call, { verdict, rule }, grant);
  }

  report({ days, cut }: { days: number; cut: boolean }): ReplayDto {
    const counts = { total: this.#total, changed: this.#changed, undetermined: this.#undetermined };
    const groups = [...this.#groups.values()].sort((a, b) => b.count - a.count).slice(0, groupsMax);
    return { days, cut, ...counts, sentence: this.#sentence(), groups };
  }

  #group(call: RecordedCall, { verdict, rule }: ReplayedCall, grant: string): void {
    const { tool } = call.facts;
    const key = JSON.stringify([call.decision, verdict, tool, grant, rule]);
    const group = this.#groups.get(key) ?? {
      from: call.decision,
      to: verdict,
      tool,
      grant,
      rule,
      count: 0,
      decisionIds: [],
    };
    group.count += 1;
    // Calls come oldest first, so the newest samples are the last ones.
    group.decisionIds = [call.decisionId, ...group.decisionIds].slice(0, samplesMax);
    this.#groups.set(key, group);
  }

  #sentence(): string {
    const of = (count: number): string => count.toLocaleString("en");
    if (this.#total === 0) return "No call was recorded in this time.";
    const kinds = [...this.#transitions].sort(([, a], [, b]) => b - a).map(([kind, count]) => `${of(count)} ${kind}`);
    const changed = `${of(this.#changed)} of ${of(this.#total)} calls would change${kinds.length > 0 ? `: ${kinds.join(", ")}` : ""}`;
    if (this.#undetermined === 0) return `${changed}.`;
    return `${changed}; ${of(this.#undetermined)} cannot be told, because argument values are not kept.`;
  }
}
