// An MCP server over stdio by the official SDK, both eras; run as a process of its own by tests.
import { appendFileSync } from "node:fs";
import { fromJsonSchema, McpServer } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";

/** The file that is told what happens in here; a process has no other way to be looked into. */
const [diary] = process.argv.slice(2);
const note = (text) => diary && appendFileSync(diary, `${text}\n`);
note(`start ${process.pid}`);
process.stderr.write("ready\n");

const said = (text) => ({ content: [{ type: "text", text }] });
const anything = fromJsonSchema({ type: "object" });

function build() {
  const server = new McpServer({ name: "local", version: "1" }, { capabilities: { logging: {}, tools: {} } });
  const tool = (name, run) =>
    server.registerTool(name, { description: name, inputSchema: anything }, async (args, ctx) => {
      note(`run ${name}`);
      return run(args, ctx);
    });
  tool("add", (args) => said(`add ${JSON.stringify(args)}`));
  tool("pid", () => said(String(process.pid)));
  tool("environment", () => said(JSON.stringify({ variables: Object.keys(process.env).sort(), cwd: process.cwd() })));
  tool("progress", async (_args, ctx) => {
    const progressToken = ctx.mcpReq._meta?.progressToken;
    for (const progress of [1, 2, 3]) {
      if (progressToken === undefined) break;
      await ctx.mcpReq.notify({ method: "notifications/progress", params: { progressToken, progress, total: 3 } });
    }
    return said("done");
  });
  tool("sample", async (_args, ctx) => {
    const messages = [{ role: "user", content: { type: "text", text: "say something" } }];
    const { model } = await ctx.mcpReq.requestSampling({ messages, maxTokens: 10 });
    return said(`model ${model}`);
  });
  tool("elicit", async (_args, ctx) => {
    const requestedSchema = { type: "object", properties: { colour: { type: "string" } } };
    const { action, content } = await ctx.mcpReq.elicitInput({ message: "Which colour?", requestedSchema });
    return said(`${action} ${JSON.stringify(content ?? {})}`);
  });
  tool(
    "hang",
    (_args, ctx) =>
      new Promise((resolve) => {
        ctx.mcpReq.signal.addEventListener("abort", () => {
          note("cancelled hang");
          resolve(said("cancelled"));
        });
      }),
  );
  tool("delete_customer", () => said("deleted"));
  return server;
}

serveStdio(build);
