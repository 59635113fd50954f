import { isNegative, parseDecimal } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import { readJson } from "@/lib/kernel/json";
import { toolCategories, toolRisks } from "@/lib/kernel/tool-class";
import type { Value, ValueObject } from "@/lib/kernel/value";
import { factsOf } from "@/lib/policy/facts";
import type { Facts } from "@/lib/policy/types";
import type { SampleForm } from "./form";
import { notKnown } from "./form";
import type { SampleWorld } from "./world";

/** Fields that can be wrong; a counter's is `used.<counter>`. */
export type Faults = Readonly<Record<string, string>>;

/** A sample call as the evaluator takes it, with what is already counted by counter; or what is wrong with the form. */
export type SampleResult =
  { ok: true; facts: Facts; used: ReadonlyMap<string, Decimal> } | { ok: false; faults: Faults };

const instant = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?Z$/;

/**
 * Reads the form of a sample call, every fault at once. Numbers in the arguments stay exact: they are read as the gateway reads
 * them. `now` (ISO 8601, UTC) stands in for a time that was not given. Counters of other tools are left out.
 */
export function readSample(
  form: SampleForm,
  { world, counters, now }: { world: SampleWorld; counters: readonly string[]; now: string },
): SampleResult {
  const faults: Record<string, string> = {};
  if (form.tool === "") faults.tool = "Name a tool";
  const args = readObject(form.args, "args", faults);
  const meta = readObject(form.meta, "meta", faults);
  const at = form.at.trim() === "" ? now : form.at.trim();
  if (!isInstant(at)) faults.at = "Write it like 2026-01-31T12:00:00Z";
  const used = readUsed(form, counters, faults);
  if (Object.keys(faults).length > 0) return { ok: false, faults };
  return { ok: true, facts: toFacts(form, world, { args, meta, now: at }), used };
}

function isInstant(text: string): boolean {
  const ms = instant.test(text) ? Date.parse(text) : NaN;
  // A day that the calendar lacks is parsed as one of the next month.
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text.slice(0, 10));
}

function readObject(text: string, field: string, faults: Record<string, string>): ValueObject {
  const nothing: ValueObject = new Map<string, Value>();
  if (text.trim() === "") return nothing;
  const read = readJson(new TextEncoder().encode(text));
  if (read.ok && read.value instanceof Map) return read.value as ValueObject;
  faults[field] = read.ok ? "A JSON object: { … }" : read.message;
  return nothing;
}

function readUsed(form: SampleForm, counters: readonly string[], faults: Record<string, string>): Map<string, Decimal> {
  const used = new Map<string, Decimal>();
  for (const counter of counters) {
    const text = (form.used[counter] ?? "").trim();
    if (text === "") continue;
    const amount = parseDecimal(text);
    if (amount && !isNegative(amount)) used.set(counter, amount);
    else faults[`used.${counter}`] = "A number of 0 or more";
  }
  return used;
}

function toFacts(
  form: SampleForm,
  world: SampleWorld,
  call: { args: ValueObject; meta: ValueObject; now: string },
): Facts {
  const grant = world.grants.find(({ id }) => id === form.grantId);
  const known = world.tools.filter(({ name }) => name === form.tool);
  const tool = known.find(({ server }) => server === grant?.server) ?? known[0];
  const server = grant?.server ?? tool?.server;
  return factsOf(
    { tool: form.tool, args: call.args },
    {
      ...(grant ? { grant: { id: grant.id, label: grant.label, tags: grant.tags } } : {}),
      ...(server === undefined ? {} : { server: { name: server } }),
      client: { name: form.client.trim() === "" ? null : form.client.trim() },
      toolFacts: {
        category: chosen(form.category, toolCategories, tool?.category),
        risk: chosen(form.risk, toolRisks, tool?.risk),
        annotations: new Map<string, Value>(Object.entries(tool?.annotations ?? {})),
      },
      meta: call.meta,
      now: call.now,
    },
  );
}

/** "" means: as the server's scan has it. */
function chosen(word: string, words: readonly string[], scanned: string | undefined): string | null {
  if (word === notKnown) return null;
  return words.find((one) => one === word) ?? scanned ?? null;
}
