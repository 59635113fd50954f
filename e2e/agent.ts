import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

export interface Agent {
  /** Names of the tools that the agent is shown. */
  tools: () => Promise<string[]>;
  /** The text that the agent is answered, and whether it was an error. */
  call: (tool: string, args: Record<string, unknown>) => Promise<{ text: string; isError: boolean }>;
  close: () => Promise<void>;
}

/** An agent on the official MCP client SDK, connected through the gateway with a grant token. */
export async function connectAgent(mcpUrl: string, token: string): Promise<Agent> {
  const client = new Client({ name: "e2e-agent", version: "1.0.0" });
  const transport = new StreamableHTTPClientTransport(new URL(mcpUrl), {
    requestInit: { headers: { Authorization: `Bearer ${token}` } },
  });
  await client.connect(transport);
  return {
    tools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    call: async (tool, args) => {
      const result = await client.callTool({ name: tool, arguments: args });
      const content = result.content as { type: string; text?: string }[];
      return { text: content.map((part) => part.text ?? "").join("\n"), isError: result.isError === true };
    },
    close: () => client.close(),
  };
}
