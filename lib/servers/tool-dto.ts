import { foldKey } from "@/lib/kernel/fold";
import { classifyTool } from "./classify";
import type { ToolDto } from "./schema";
import { withOverrides, type ToolOverrides } from "./tool-class";
import { readToolShape } from "./tool-shape";
import { toolState } from "./tool-state";
import { plainForm } from "./tool-words";

interface ToolRow extends ToolOverrides {
  name: string;
  definition: string;
  digest: string;
  acceptedDefinition: string | null;
  acceptedDigest: string | null;
  blockedBy: string | null;
  goneAt: Date | null;
  lastSeenAt: Date;
}

/** Stored tools as pages show them: by the definition that agents see, or by the one last seen where none was accepted. Whatever the upstream wrote in odd places is left out, never an error. */
export function toToolDtos(rows: readonly ToolRow[]): ToolDto[] {
  const twins = new Map<string, string[]>();
  for (const { name, goneAt } of rows) {
    if (goneAt === null) twins.set(foldName(name), [...(twins.get(foldName(name)) ?? []), name]);
  }
  return rows.map((row) => {
    const others = (twins.get(foldName(row.name)) ?? []).filter((name) => name !== row.name);
    return { ...toToolDto(row), looksLike: row.goneAt === null ? others : [] };
  });
}

function toToolDto(row: ToolRow): Omit<ToolDto, "looksLike"> {
  const shape = readToolShape(row.name, row.acceptedDefinition ?? row.definition);
  const computed = classifyTool(shape);
  return {
    name: row.name,
    title: shape.title,
    description: shape.description,
    parameters: shape.parameters.map(({ name, type, required, description }) => ({
      name,
      type,
      required,
      description,
    })),
    ...withOverrides(computed, row),
    computed: { category: computed.category, risk: computed.risk },
    evidence: computed.evidence,
    annotations: Object.fromEntries(shape.annotations),
    state: toolState({ ...row, isGone: row.goneAt !== null }),
    gone: row.goneAt !== null,
    lastSeenAt: row.lastSeenAt.toISOString(),
  };
}

/** Two names with one fold look alike, or are one name to a reader that ignores case, form and hidden characters. */
function foldName(name: string): string {
  return foldKey(plainForm(name).trim());
}
