import { canonical } from "@/lib/audit/canonical";
import { toolRisks } from "@/lib/kernel/tool-class";
import type { Value, ValueObject } from "@/lib/kernel/value";
import { classifyTool } from "./classify";
import { digested } from "./definition";
import type { Change, ChangeSeverity } from "./definition-change";
import { readStored, shortJson } from "./definition-text";
import { diffSchema } from "./schema-diff";
import { diffWords } from "./text-diff";
import { readToolShape } from "./tool-shape";

const order: readonly ChangeSeverity[] = ["danger", "warning", "info"];

/**
 * What changed in meaning between the accepted and the seen definition of one tool, the gravest first. Empty only when their
 * digests are equal: a member that differs in a way that is not understood is named all the same.
 */
export function diffDefinitions(accepted: string, seen: string): Change[] {
  const [before, after] = [readStored(accepted), readStored(seen)];
  if (!before || !after) {
    return [{ code: "other_changed", severity: "danger", at: "", message: "The definition cannot be compared." }];
  }
  const found = [
    ...diffRisk(accepted, seen),
    ...diffTexts(before, after),
    ...diffAnnotations(before.get("annotations"), after.get("annotations")),
    ...diffSchema(before.get("inputSchema"), after.get("inputSchema"), "input"),
    ...diffSchema(before.get("outputSchema"), after.get("outputSchema"), "output"),
    ...diffRest(before, after),
  ];
  const missed = digested.filter((key) => {
    return textOf(before.get(key)) !== textOf(after.get(key)) && !found.some(({ at }) => at.startsWith(`/${key}`));
  });
  const rest = missed.map((key): Change => {
    return { code: "other_changed", severity: "warning", at: `/${key}`, message: `"${key}" changed.` };
  });
  return [...found, ...rest].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}

function diffRisk(accepted: string, seen: string): Change[] {
  const [before, after] = [accepted, seen].map((text) => classifyTool(readToolShape("", text)));
  if (!before || !after || before.risk === after.risk) return [];
  const isHigher = toolRisks.indexOf(after.risk) > toolRisks.indexOf(before.risk);
  const classes = `${before.category}, ${before.risk} risk, to ${after.category}, ${after.risk} risk`;
  return [
    {
      code: isHigher ? "risk_raised" : "risk_lowered",
      severity: isHigher ? "danger" : "warning",
      at: "",
      message: `By its definition it went from ${classes}.`,
    },
  ];
}

function diffTexts(before: ValueObject, after: ValueObject): Change[] {
  return (["title", "description"] as const).flatMap((key) => {
    const [from, to] = [before.get(key), after.get(key)];
    if (textOf(from) === textOf(to)) return [];
    const [old, now] = [typeof from === "string" ? from : "", typeof to === "string" ? to : ""];
    const message = old === "" ? `It has a ${key} now.` : now === "" ? `Its ${key} is gone.` : `Its ${key} changed.`;
    return [{ code: "text_changed", severity: "warning", at: `/${key}`, message, words: diffWords(old, now) }];
  });
}

interface Hint {
  readonly name: string;
  /** What a missing hint means (MCP 2025-03-26, ToolAnnotations). */
  readonly fallback: boolean;
  /** The value that means less harm. */
  readonly harmless: boolean;
  readonly lost: string;
  readonly gained: string;
  readonly severity: ChangeSeverity;
}

const hints: readonly Hint[] = [
  {
    name: "readOnlyHint",
    fallback: false,
    harmless: true,
    lost: "It no longer says that it only reads.",
    gained: "It says now that it only reads.",
    severity: "danger",
  },
  {
    name: "destructiveHint",
    fallback: true,
    harmless: false,
    lost: "It says now that it may destroy.",
    gained: "It no longer says that it may destroy.",
    severity: "danger",
  },
  {
    name: "idempotentHint",
    fallback: false,
    harmless: true,
    lost: "It no longer says that a second call changes nothing.",
    gained: "It says now that a second call changes nothing.",
    severity: "warning",
  },
  {
    name: "openWorldHint",
    fallback: true,
    harmless: false,
    lost: "It says now that it reaches the outside world.",
    gained: "It no longer says that it reaches the outside world.",
    severity: "warning",
  },
];

function diffAnnotations(before: Value | undefined, after: Value | undefined): Change[] {
  if (textOf(before) === textOf(after)) return [];
  const [from, to] = [before, after].map((value) => (isObject(value) ? value : new Map<string, Value>()));
  const changes: Change[] = [];
  for (const { name, fallback, harmless, lost, gained, severity } of hints) {
    const [old, now] = [hintOf(from, name, fallback), hintOf(to, name, fallback)];
    const at = `/annotations/${name}`;
    if (old !== now && now !== harmless) changes.push({ code: "hint_lost", severity, at, message: lost });
    else if (old !== now) changes.push({ code: "hint_gained", severity: "warning", at, message: gained });
    else if (textOf(from?.get(name)) !== textOf(to?.get(name))) {
      const message = `"${name}" is said ${to?.has(name) ? "now" : "no longer"}; it means the same.`;
      changes.push({ code: "annotation_changed", severity: "info", at, message });
    }
  }
  const known = new Set(hints.map(({ name }) => name));
  for (const key of new Set([...(from?.keys() ?? []), ...(to?.keys() ?? [])])) {
    const [old, now] = [from?.get(key), to?.get(key)];
    if (known.has(key) || textOf(old) === textOf(now)) continue;
    const words = diffWords(plainOf(old), plainOf(now));
    const message = `Its annotation "${key}" changed.`;
    changes.push({ code: "annotation_changed", severity: "warning", at: `/annotations/${key}`, message, words });
  }
  return changes;
}

function hintOf(annotations: ValueObject | undefined, name: string, fallback: boolean): boolean {
  const value = annotations?.get(name);
  return typeof value === "boolean" ? value : fallback;
}

function diffRest(before: ValueObject, after: ValueObject): Change[] {
  const rest = [
    ["icons", "icons_changed", "info", "Its icons changed."],
    ["execution", "execution_changed", "warning", "How it may be run changed."],
  ] as const;
  return rest.flatMap(([key, code, severity, message]) => {
    const [from, to] = [before.get(key), after.get(key)];
    if (textOf(from) === textOf(to)) return [];
    return [{ code, severity, at: `/${key}`, message, words: diffWords(plainOf(from), plainOf(to)) }];
  });
}

/** Equal for equal values; of its own for a member that is not there. */
function textOf(value: Value | undefined): string {
  return value === undefined ? "" : canonical(value);
}

function plainOf(value: Value | undefined): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : shortJson(value);
}

function isObject(value: Value | undefined): value is ValueObject {
  return value instanceof Map;
}
