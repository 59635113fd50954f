import { z } from "zod";
import { readToolShape, type ToolShape } from "@/lib/servers/tool-shape";
import { CommandFailure, exits } from "./exit-codes";

const tool = z.looseObject({ name: z.string().min(1).max(200) });
const list = z.object({ tools: z.array(tool) });
/** What `tools/list` answers, its result, or the list alone. */
const schema = z.union([
  z.array(tool),
  list.transform(({ tools }) => tools),
  z.object({ result: list }).transform(({ result }) => result.tools),
]);

/** The tools of a `tools/list` answer. Throws `CommandFailure` (1) for any other text. */
export function readToolsFile(file: string, text: string): ToolShape[] {
  const parsed = schema.safeParse(parseLoosely(text));
  if (!parsed.success) {
    const hint = 'Expected JSON: {"tools": [{"name": …, "description": …, "inputSchema": …}]}';
    throw new CommandFailure(exits.failed, `${file} is no tools/list answer`, hint);
  }
  return parsed.data.map((item) => readToolShape(item.name, JSON.stringify(item)));
}

function parseLoosely(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
