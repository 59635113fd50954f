export interface Connection {
  /** Name of the connection in the client's settings. */
  name: string;
  mcpUrl: string;
  token: string;
}

export interface Snippet {
  title: string;
  text: string;
}

export interface ClientGuide {
  client: string;
  label: string;
  snippets: Snippet[];
  /** A link that opens the client; it never holds the token, because links end up in histories and logs. */
  deepLink?: { label: string; href: string };
  note?: string;
}

const variable = "POLICYLAYER_TOKEN";

/** A name that every client accepts, from any server name. */
export function connectionName(serverName: string): string {
  const slug = serverName
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40);
  return slug === "" ? "policylayer" : slug;
}

const pretty = (value: unknown) => JSON.stringify(value, null, 2);

function cursor({ name, mcpUrl, token }: Connection): ClientGuide {
  const byVariable = { url: mcpUrl, headers: { Authorization: `Bearer \${env:${variable}}` } };
  const config = { mcpServers: { [name]: { url: mcpUrl, headers: { Authorization: `Bearer ${token}` } } } };
  return {
    client: "cursor",
    label: "Cursor",
    snippets: [{ title: "~/.cursor/mcp.json", text: pretty(config) }],
    deepLink: {
      label: "Open in Cursor",
      href: `cursor://anysphere.cursor-deeplink/mcp/install?name=${encodeURIComponent(name)}&config=${encodeURIComponent(btoa(JSON.stringify(byVariable)))}`,
    },
    note: `The button leaves the token out: Cursor then reads it from the environment variable ${variable}.`,
  };
}

function vscode({ name, mcpUrl }: Connection): ClientGuide {
  const inputs = [
    { type: "promptString", id: "policylayer-token", description: "PolicyLayer grant token", password: true },
  ];
  const server = { type: "http", url: mcpUrl, headers: { Authorization: "Bearer ${input:policylayer-token}" } };
  return {
    client: "vscode",
    label: "VS Code",
    snippets: [{ title: ".vscode/mcp.json", text: pretty({ inputs, servers: { [name]: server } }) }],
    deepLink: {
      label: "Open in VS Code",
      href: `vscode:mcp/install?${encodeURIComponent(JSON.stringify({ name, ...server, inputs }))}`,
    },
    note: "VS Code asks for the token once and keeps it in its own secret store. Paste it there.",
  };
}

function curl({ mcpUrl, token }: Connection): string {
  const message = {
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "curl", version: "1" } },
  };
  return [
    `curl -sS ${mcpUrl} \\`,
    `  -H 'Authorization: Bearer ${token}' \\`,
    "  -H 'Content-Type: application/json' \\",
    "  -H 'Accept: application/json, text/event-stream' \\",
    `  -d '${JSON.stringify(message)}'`,
  ].join("\n");
}

/** How to connect each client with this grant, in the order of the tabs. */
export function clientGuides(connection: Connection): ClientGuide[] {
  const { name, mcpUrl, token } = connection;
  return [
    {
      client: "claude-code",
      label: "Claude Code",
      snippets: [
        {
          title: "Run once",
          text: `claude mcp add --transport http ${name} ${mcpUrl} --header "Authorization: Bearer ${token}"`,
        },
      ],
    },
    cursor(connection),
    vscode(connection),
    {
      client: "codex",
      label: "Codex",
      snippets: [
        { title: "Keep the token in the environment", text: `export ${variable}=${token}` },
        { title: "Run once", text: `codex mcp add ${name} --url ${mcpUrl} --bearer-token-env-var ${variable}` },
      ],
    },
    {
      client: "other",
      label: "Other",
      snippets: [
        { title: "URL", text: mcpUrl },
        { title: "Header", text: `Authorization: Bearer ${token}` },
        { title: "Try it with curl", text: curl(connection) },
      ],
    },
  ];
}
