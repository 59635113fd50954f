import "server-only";
import { createMcpHandler, McpServer, type CallToolResult, type McpHttpHandler } from "@modelcontextprotocol/server";
import { Declined, type PaymentsBook } from "./payments-book";
import type { CallOutcome } from "./payments-ledger";
import type { Mode } from "./payments-switches";
import { paymentTools, type PaymentTool } from "./payments-tools";

/** One `tools/call` on its way through the SDK. */
export interface CallInFlight {
  mode: Mode;
  settle: (outcome: CallOutcome) => void;
}

/**
 * The MCP side: the official SDK's handler, both protocol eras (2025 revisions without a session, 2026-07-28), one server object per request.
 * `callInFlight` gives the ledger's view of the request that a tool runs for.
 */
export function paymentsMcp(book: () => PaymentsBook, callInFlight: () => CallInFlight | undefined): McpHttpHandler {
  return createMcpHandler(() => {
    const server = new McpServer(
      { name: "payments-demo", title: "Payments (demo)", version: "1.0.0" },
      { instructions: "A demo payments provider. Amounts are in minor units. No real money moves." },
    );
    const call = callInFlight();
    for (const tool of paymentTools) {
      const { name, title, description, annotations, input } = tool;
      const config = { title, description, annotations, inputSchema: input };
      server.registerTool(name, config, (args) => runTool(tool, book(), args, call));
    }
    return server;
  });
}

function runTool(tool: PaymentTool, book: PaymentsBook, args: unknown, call: CallInFlight | undefined): CallToolResult {
  if (call?.mode === "tool_error") return declined(call, "Your card was declined.");
  try {
    const result = tool.run(book, args);
    call?.settle("executed");
    return { content: [{ type: "text", text: JSON.stringify(result) }], structuredContent: result };
  } catch (error) {
    if (error instanceof Declined) return declined(call, error.message);
    throw error;
  }
}

function declined(call: CallInFlight | undefined, text: string): CallToolResult {
  call?.settle("declined");
  return { content: [{ type: "text", text }], isError: true };
}
