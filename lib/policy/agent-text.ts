/** What the text of a refused call begins with, so that an agent's model can tell it from the tool's own answer. */
export const deniedPrefix = "[POLICYLAYER POLICY DENIED] ";

/** Hidden and unknown tools get this one text, so that an agent cannot tell them apart. */
export function unknownToolText(tool: string): string {
  return `Unknown tool: ${tool}`;
}
