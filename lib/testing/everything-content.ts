import {
  acceptedContent,
  completable,
  inputRequired,
  ResourceTemplate,
  type McpServer,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { pixelPng } from "./everything-media";

const user = (text: string) => ({ role: "user" as const, content: { type: "text" as const, text } });

/** Resources: text, bytes, one that can be watched, and a template. */
export function addResources(server: McpServer): void {
  const text = (name: string, uri: string, said: string) =>
    server.registerResource(name, uri, { description: `The resource ${name}`, mimeType: "text/plain" }, () => ({
      contents: [{ uri, mimeType: "text/plain", text: said }],
    }));
  text("static-text", "test://static-text", "This is the content of the static text resource.");
  text("watched-resource", "test://watched-resource", "Watched resource content");
  const [uri, mimeType] = ["test://static-binary", "image/png"];
  server.registerResource("static-binary", uri, { description: "A picture", mimeType }, () => ({
    contents: [{ uri, mimeType, blob: pixelPng }],
  }));
  server.registerResource(
    "template",
    new ResourceTemplate("test://template/{id}/data", { list: undefined }),
    { description: "Data of one id", mimeType: "application/json" },
    (url, { id }) => {
      const said = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${String(id)}` });
      return { contents: [{ uri: url.href, mimeType: "application/json", text: said }] };
    },
  );
}

/** Prompts: plain, with arguments and their completion, with a resource, with a picture, and one that asks first. */
export function addPrompts(server: McpServer): void {
  server.registerPrompt("test_simple_prompt", { description: "A prompt" }, () => ({
    messages: [user("This is a simple prompt for testing.")],
  }));
  const words = ["paris", "park", "party", "testValue1"];
  const word = completable(z.string(), (value) => words.filter((one) => one.startsWith(value)));
  server.registerPrompt(
    "test_prompt_with_arguments",
    { description: "A prompt with arguments", argsSchema: z.object({ arg1: word, arg2: z.string() }) },
    ({ arg1, arg2 }) => ({ messages: [user(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)] }),
  );
  server.registerPrompt(
    "test_prompt_with_embedded_resource",
    { description: "A prompt with a resource", argsSchema: z.object({ resourceUri: z.string() }) },
    ({ resourceUri }) => {
      const text = "Embedded resource content for testing.";
      const resource = { uri: resourceUri, mimeType: "text/plain", text };
      return {
        messages: [
          { role: "user", content: { type: "resource", resource } },
          user("Please process the embedded resource above."),
        ],
      };
    },
  );
  server.registerPrompt("test_prompt_with_image", { description: "A prompt with a picture" }, () => ({
    messages: [
      { role: "user", content: { type: "image", data: pixelPng, mimeType: "image/png" } },
      user("Please analyze the image above."),
    ],
  }));
  const context = z.object({ context: z.string() });
  server.registerPrompt("test_input_required_result_prompt", { description: "A prompt that asks first" }, (ctx) => {
    const given = acceptedContent(ctx.mcpReq.inputResponses, "user_context", context);
    if (given) return { messages: [user(`Prompt with context: ${given.context}`)] };
    const message = "What context should the prompt use?";
    return inputRequired({
      inputRequests: { user_context: inputRequired.elicit({ message, requestedSchema: context }) },
    });
  });
}
