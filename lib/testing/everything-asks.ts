import type {
  CallToolResult,
  ElicitRequestFormParams,
  ElicitResult,
  McpServer,
  ServerContext,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { textResult } from "./everything-tools";

type Form = ElicitRequestFormParams["requestedSchema"];

const person: Form = {
  type: "object",
  properties: {
    username: { type: "string", description: "User's response" },
    email: { type: "string", description: "User's email address" },
  },
  required: ["username", "email"],
};

const defaults: Form = {
  type: "object",
  properties: {
    name: { type: "string", default: "John Doe" },
    age: { type: "integer", default: 30 },
    score: { type: "number", default: 95.5 },
    status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
    verified: { type: "boolean", default: true },
  },
};

const titled = (first: string, word: string) => [
  { const: first, title: `First ${word}` },
  { const: "value2", title: `Second ${word}` },
  { const: "value3", title: `Third ${word}` },
];

const choices: Form = {
  type: "object",
  properties: {
    untitledSingle: { type: "string", enum: ["option1", "option2", "option3"] },
    titledSingle: { type: "string", oneOf: titled("value1", "Option") },
    legacyEnum: {
      type: "string",
      enum: ["opt1", "opt2", "opt3"],
      enumNames: ["Option One", "Option Two", "Option Three"],
    },
    untitledMulti: { type: "array", items: { type: "string", enum: ["option1", "option2", "option3"] } },
    titledMulti: { type: "array", items: { anyOf: titled("value1", "Choice") } },
  },
};

/**
 * Tools that send the client a request of their own while they run, as the revisions up to 2025-11-25 do: the first two on the stream
 * of the call, the others on the listening stream of the session.
 */
export function addAskingTools(server: McpServer): void {
  server.registerTool(
    "test_sampling",
    { description: "Asks the client's model", inputSchema: z.object({ prompt: z.string() }) },
    async ({ prompt }, ctx) => {
      const messages = [{ role: "user" as const, content: { type: "text" as const, text: prompt } }];
      const params = { messages, maxTokens: 100 };
      const answer = await ctx.mcpReq.send({ method: "sampling/createMessage", params });
      const [content] = [answer.content].flat();
      return textResult(`LLM response: ${content?.type === "text" ? content.text : "no text"}`);
    },
  );
  server.registerTool(
    "test_elicitation",
    { description: "Asks the user", inputSchema: z.object({ message: z.string() }) },
    async ({ message }, ctx) => {
      const params = { mode: "form", message, requestedSchema: person };
      return said("User response", await ctx.mcpReq.send({ method: "elicitation/create", params }));
    },
  );
  server.registerTool("test_elicitation_sep1034_defaults", { description: "Asks with default values" }, (ctx) =>
    ask(ctx, "Please review and update the form fields with defaults", defaults),
  );
  server.registerTool("test_elicitation_sep1330_enums", { description: "Asks with every kind of choice" }, (ctx) =>
    ask(ctx, "Please choose", choices),
  );
}

async function ask(ctx: ServerContext, message: string, form: Form): Promise<CallToolResult> {
  return said("Elicitation completed", await ctx.mcpReq.elicitInput({ message, requestedSchema: form }));
}

function said(what: string, { action, content }: ElicitResult): CallToolResult {
  return textResult(`${what}: action=${action}, content=${JSON.stringify(content ?? {})}`);
}
