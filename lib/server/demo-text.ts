/** What a program needs to use the demo; `--json` writes it. */
export interface DemoReport {
  consoleUrl: string;
  mcpUrl: string;
  grantToken: string;
  serverId: string;
  upstreamUrl: string;
  users: readonly { email: string; password: string; role: string }[];
}

/** The demo's facts and ready-to-paste client settings, for the terminal. */
export function demoText(report: DemoReport): string {
  const { consoleUrl, mcpUrl, grantToken, upstreamUrl, users } = report;
  const headers = { Authorization: `Bearer ${grantToken}` };
  const settings = JSON.stringify({ mcpServers: { payments: { type: "http", url: mcpUrl, headers } } }, null, 2);
  const width = Math.max(...users.map((user) => user.email.length));
  return [
    "",
    `Console      ${consoleUrl}`,
    ...users.map((user) => `             ${user.email.padEnd(width)}  ${user.password}  (${user.role})`),
    `MCP URL      ${mcpUrl}`,
    `Grant token  ${grantToken}`,
    `Upstream     ${upstreamUrl} (demo payments server)`,
    "",
    "Claude Code:",
    `  claude mcp add --transport http payments ${mcpUrl} --header "Authorization: Bearer ${grantToken}"`,
    "",
    "Cursor (.cursor/mcp.json) and others; VS Code (.vscode/mcp.json) calls the outer key `servers`:",
    ...settings.split("\n").map((line) => `  ${line}`),
    "",
    "Stop with Ctrl-C.",
    "",
  ].join("\n");
}
