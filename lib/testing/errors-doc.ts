import { errorTable } from "@/lib/kernel/errors";

const intro = `# Errors

Every refusal carries one of these codes: in the console's API as \`error.code\`, in MCP answers as \`reason\`. Generated from
\`lib/kernel/errors.ts\`; \`npx vitest run lib/rooms.test.ts -u\` writes it anew.

JSON-RPC is the code of requests that are not \`tools/call\`; a refused \`tools/call\` is a tool result that begins with
\`[POLICYLAYER POLICY DENIED]\` (D) or \`[POLICYLAYER UPSTREAM ERROR]\` (U).
`;

const owners = { caller: "the caller", operator: "the operator", upstream: "the upstream", us: "PolicyLayer" };

/** The text of docs/errors.md: the error table for people, with what to check. */
export function errorsDoc(): string {
  const rows = Object.entries(errorTable).map(([code, row]) => {
    const prefix = "prefix" in row ? row.prefix : "";
    const exit = "exit" in row ? String(row.exit) : "";
    return line([
      `\`${code}\``,
      String(row.status),
      String(row.rpc),
      prefix,
      exit,
      owners[row.owner],
      row.say,
      row.check,
    ]);
  });
  const head = line(["code", "HTTP", "JSON-RPC", "tool result", "exit code", "who acts", "says", "what to check"]);
  return [intro, head, line(Array.from({ length: 8 }, () => "---")), ...rows, ""].join("\n");
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
