import { z } from "zod";

export const modes = ["ok", "fail", "tool_error", "hang", "late", "reset", "reset-after-commit"] as const;
export type Mode = (typeof modes)[number];

/**
 * How the payments server behaves from now on.
 * `fail`: HTTP `status`, nothing executed · `tool_error`: a declined payment (`isError`), nothing executed · `hang`: no answer, nothing executed ·
 * `late`: executed at once, answered after `delayMs` · `reset`: connection cut before it runs · `reset-after-commit`: executed, then cut.
 */
export const ControlInput = z.strictObject({
  mode: z.enum(modes),
  /** Only this tool; otherwise every tool without a switch of its own. */
  tool: z.string().min(1).max(128).optional(),
  /** How many calls; then `ok` again. Without it, until changed. */
  times: z.int().min(1).max(1_000_000).optional(),
  delayMs: z.int().min(0).max(600_000).default(2_000),
  status: z.int().min(400).max(599).default(400),
});
export type ControlInput = z.input<typeof ControlInput>;
export type Switch = Omit<z.output<typeof ControlInput>, "tool">;

const ok: Switch = { mode: "ok", delayMs: 0, status: 400 };
const toolsMax = 100;

/** The switches that are set, one per tool and one for all. */
export class PaymentsSwitches {
  private readonly set = new Map<string, Switch>();

  /** Throws a ZodError when `input` is not a ControlInput. `ok` without a tool clears every switch. */
  control(input: unknown): void {
    const { tool, ...behaviour } = ControlInput.parse(input);
    if (behaviour.mode === "ok" && tool === undefined) this.set.clear();
    else if (this.set.size < toolsMax || this.set.has(tool ?? "*")) this.set.set(tool ?? "*", behaviour);
  }

  /** The behaviour for one call of `tool`; counts `times` down. */
  take(tool: string): Switch {
    const key = this.set.has(tool) ? tool : "*";
    const found = this.set.get(key);
    if (!found) return ok;
    if (found.times !== undefined) {
      if (found.times <= 1) this.set.delete(key);
      else this.set.set(key, { ...found, times: found.times - 1 });
    }
    return found;
  }
}
