import { setTimeout as wait } from "node:timers/promises";
import { fromJsonSchema, type CallToolResult, type McpServer, type ServerContext } from "@modelcontextprotocol/server";
import { z } from "zod";
import { pixelPng, silentWav } from "./everything-media";

/** A tool result of one text. */
export const textResult = (text: string): CallToolResult => ({ content: [{ type: "text", text }] });

const pixel = { type: "image", data: pixelPng, mimeType: "image/png" } as const;
const jsonText = JSON.stringify({ test: "data", value: 123 });

/** JSON Schema 2020-12 with everything that a careless relay strips. */
const fullSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  $defs: {
    address: {
      $anchor: "addressDef",
      type: "object",
      properties: { street: { type: "string" }, city: { type: "string" } },
    },
  },
  properties: {
    name: { type: "string" },
    address: { $ref: "#/$defs/address" },
    contactMethod: { type: "string", enum: ["phone", "email"] },
    phone: { type: "string" },
    email: { type: "string" },
  },
  allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
  if: { properties: { contactMethod: { const: "phone" } }, required: ["contactMethod"] },
  then: { required: ["phone"] },
  else: { required: ["email"] },
  additionalProperties: false,
} as const;

/** Tools that answer by themselves: every kind of content, progress, log lines, an error, a mirrored argument. */
export function addPlainTools(server: McpServer): void {
  addContentTools(server);
  addTalkingTools(server);
  server.registerTool("test_error_handling", { description: "Always fails" }, () => {
    throw new Error("This tool intentionally returns an error for testing");
  });
  server.registerTool(
    "json_schema_2020_12_tool",
    { description: "Tool with JSON Schema 2020-12 features", inputSchema: fromJsonSchema(fullSchema) },
    (args) => textResult(JSON.stringify(args)),
  );
  const region = { type: "string", description: "Mirrored into Mcp-Param-Region", "x-mcp-header": "Region" };
  server.registerTool(
    "test_mirrored_argument",
    {
      description: "Echoes an argument that also travels as a header",
      inputSchema: fromJsonSchema<{ region: string }>({
        type: "object",
        properties: { region },
        required: ["region"],
      }),
    },
    (args) => textResult(`region=${args.region}`),
  );
}

function addContentTools(server: McpServer): void {
  const tool = (name: string, description: string, content: CallToolResult["content"]) =>
    server.registerTool(name, { description, annotations: { readOnlyHint: true } }, () => ({ content }));
  tool("test_simple_text", "Answers a text", [{ type: "text", text: "This is a simple text response for testing." }]);
  tool("test_image_content", "Answers a picture", [pixel]);
  tool("test_audio_content", "Answers a sound", [{ type: "audio", data: silentWav, mimeType: "audio/wav" }]);
  const resource = {
    uri: "test://embedded-resource",
    mimeType: "text/plain",
    text: "This is an embedded resource content.",
  };
  tool("test_embedded_resource", "Answers an embedded resource", [{ type: "resource", resource }]);
  const json = { uri: "test://mixed-content-resource", mimeType: "application/json", text: jsonText };
  tool("test_multiple_content_types", "Answers three kinds of content", [
    { type: "text", text: "Multiple content types test:" },
    pixel,
    { type: "resource", resource: json },
  ]);
}

function addTalkingTools(server: McpServer): void {
  server.registerTool("test_tool_with_logging", { description: "Logs three lines while it runs" }, async (ctx) => {
    await ctx.mcpReq.log("info", "Tool execution started");
    await wait(50);
    await ctx.mcpReq.log("info", "Tool processing data");
    await wait(50);
    await ctx.mcpReq.log("info", "Tool execution completed");
    return textResult("Tool with logging executed successfully");
  });
  server.registerTool(
    "test_logging_tool",
    { description: "Logs one line, if the request asks for lines" },
    async (ctx) => {
      await ctx.mcpReq.log("info", "a line");
      return textResult("logged");
    },
  );
  server.registerTool("test_tool_with_progress", { description: "Reports progress in three steps" }, async (ctx) => {
    for (const progress of [0, 50, 100]) {
      if (progress > 0) await wait(50);
      await reportProgress(ctx, progress);
    }
    return textResult("Tool with progress executed successfully");
  });
  server.registerTool(
    "test_reconnection",
    { description: "Closes its event stream, and answers to whoever resumes it" },
    async (ctx) => {
      ctx.http?.closeSSE?.();
      await wait(100);
      return textResult("Answered after the stream was resumed");
    },
  );
  server.registerTool(
    "greet",
    { description: "Greets by name", inputSchema: z.object({ name: z.string() }) },
    ({ name }) => textResult(`Hello, ${name}!`),
  );
}

/** One step out of a hundred, to whoever gave a token for it. */
export async function reportProgress(ctx: ServerContext, progress: number): Promise<void> {
  const progressToken = ctx.mcpReq._meta?.progressToken;
  if (progressToken === undefined) return;
  const params = { progressToken, progress, total: 100, message: `Completed step ${String(progress)} of 100` };
  await ctx.mcpReq.notify({ method: "notifications/progress", params });
}
