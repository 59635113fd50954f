import type { StackGrant } from "./gateway-stack";

/** A tool result or an error as the tests look at it. */
export interface RpcAnswer {
  jsonrpc: "2.0";
  id: number | string | null;
  result?: {
    isError?: boolean;
    resultType?: string;
    content?: { type: string; text: string }[];
    tools?: { name: string }[];
    _meta?: Record<string, Record<string, unknown>>;
    [key: string]: unknown;
  };
  error?: { code: number; message: string; data?: Record<string, Record<string, unknown>> };
}

export interface McpResponse {
  status: number;
  headers: Headers;
  text: string;
  json: RpcAnswer;
  /** The `policylayer/decision` part, wherever it stands. */
  decision: Record<string, unknown> | null;
}

/** Posts a body, as it is when it is text, to a grant's endpoint. */
export async function mcpPost(
  grant: Pick<StackGrant, "url" | "token">,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<McpResponse> {
  const response = await fetch(grant.url, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${grant.token}`,
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      ...headers,
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const json = (text.startsWith("{") ? JSON.parse(text) : {}) as RpcAnswer;
  const decision = json.result?._meta?.["policylayer/decision"] ?? json.error?.data?.["policylayer/decision"] ?? null;
  return { status: response.status, headers: response.headers, text, json, decision };
}

/** A `tools/call` request. */
export function callOf(tool: string, args: unknown, id: number | string = 1) {
  return { jsonrpc: "2.0", id, method: "tools/call", params: { name: tool, arguments: args } };
}

/** The text of a tool result. */
export function textOf(response: McpResponse): string {
  return response.json.result?.content?.[0]?.text ?? "";
}

const modernMeta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
  "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
};

/** A request of the 2026-07-28 revision with its header mirrors. */
export function modern(method: string, params: Record<string, unknown>, id: number | string = 1) {
  const name = params["name"] ?? params["uri"];
  const headers: Record<string, string> = { "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": method };
  if (typeof name === "string") headers["Mcp-Name"] = name;
  return { body: { jsonrpc: "2.0", id, method, params: { ...params, _meta: modernMeta } }, headers };
}
