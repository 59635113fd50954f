import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  createRequestStateCodec,
  inputRequired,
  inputResponse,
  type CallToolResult,
  type ClientCapabilities,
  type InputRequests,
  type InputRequiredResult,
  type McpServer,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { reportProgress, textResult } from "./everything-tools";

/** Seals what a tool wants to know again in the next round; a changed state is refused by the SDK with −32602. */
export const stateCodec = createRequestStateCodec<{ step: string }>({
  key: "a key of the everything server, which guards nothing",
  ttlSeconds: 600,
});

const name = z.object({ name: z.string() });
const ok = z.object({ ok: z.boolean() });

const askName = (message = "What is your name?") => inputRequired.elicit({ message, requestedSchema: name });
const askSample = (text: string, maxTokens: number) =>
  inputRequired.createMessage({ messages: [{ role: "user", content: { type: "text", text } }], maxTokens });

/** The tools of 2026-07-28 that answer `input_required` first: one question, several, several rounds, with a sealed state. */
export function addRoundTools(server: McpServer): void {
  const tool = (
    suffix: string,
    description: string,
    run: (ctx: ServerContext) => CallToolResult | InputRequiredResult | Promise<CallToolResult | InputRequiredResult>,
  ) => server.registerTool(`test_input_required_result_${suffix}`, { description }, run);

  tool("elicitation", "Asks for a name", ({ mcpReq }) => {
    const given = acceptedContent(mcpReq.inputResponses, "user_name", name);
    return given ? textResult(`Hello, ${given.name}!`) : inputRequired({ inputRequests: { user_name: askName() } });
  });
  tool("sampling", "Asks the client's model", ({ mcpReq }) => {
    const given = inputResponse(mcpReq.inputResponses, "capital_question");
    if (given.kind === "sampling") return textResult(JSON.stringify(given.result.content));
    return inputRequired({ inputRequests: { capital_question: askSample("What is the capital of France?", 100) } });
  });
  tool("list_roots", "Asks for the client's roots", ({ mcpReq }) => {
    const given = inputResponse(mcpReq.inputResponses, "client_roots");
    if (given.kind === "roots") return textResult(given.roots.map((root) => root.uri).join(", "));
    return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
  });
  tool("request_state", "Asks, and checks the state that comes back", confirmWithState);
  tool("tampered_state", "Asks, and refuses a state that was changed", confirmWithState);
  tool("multiple_inputs", "Asks three questions at once", askThree);
  tool("multi_round", "Asks twice, one question after the other", askTwice);
  tool("capabilities", "Asks only what the client can answer", ({ mcpReq }) => {
    const envelope = mcpReq.envelope as Record<string, ClientCapabilities | undefined> | undefined;
    const can = envelope?.[CLIENT_CAPABILITIES_META_KEY];
    const inputRequests: InputRequests = {};
    if (can?.elicitation) inputRequests["user_name"] = askName();
    if (can?.sampling) inputRequests["greeting"] = askSample("Generate a greeting", 50);
    return Object.keys(inputRequests).length > 0 ? inputRequired({ inputRequests }) : textResult("Nothing to ask");
  });
  addProbes(server);
}

/** Tools by which the suite looks at what a server may put on the stream of a call. */
function addProbes(server: McpServer): void {
  server.registerTool("test_missing_capability", { description: "Needs a client that can sample" }, ({ mcpReq }) => {
    if (inputResponse(mcpReq.inputResponses, "sample").kind === "sampling") return textResult("sampled");
    return inputRequired({ inputRequests: { sample: askSample("Say yes", 10) } });
  });
  server.registerTool("test_streaming_elicitation", { description: "Reports progress, then asks" }, async (ctx) => {
    await reportProgress(ctx, 50);
    const given = acceptedContent(ctx.mcpReq.inputResponses, "user_name", name);
    return given ? textResult(`Hello, ${given.name}!`) : inputRequired({ inputRequests: { user_name: askName() } });
  });
}

async function confirmWithState({ mcpReq }: ServerContext): Promise<CallToolResult | InputRequiredResult> {
  const state = mcpReq.requestState<{ step: string }>();
  if (state?.step === "confirm" && acceptedContent(mcpReq.inputResponses, "confirm", ok)) return textResult("state-ok");
  return inputRequired({
    inputRequests: { confirm: inputRequired.elicit({ message: "Please confirm", requestedSchema: ok }) },
    requestState: await stateCodec.mint({ step: "confirm" }),
  });
}

async function askThree({ mcpReq }: ServerContext): Promise<CallToolResult | InputRequiredResult> {
  const given = acceptedContent(mcpReq.inputResponses, "user_name", name);
  const greeting = inputResponse(mcpReq.inputResponses, "greeting");
  const roots = inputResponse(mcpReq.inputResponses, "client_roots");
  if (given && greeting.kind === "sampling" && roots.kind === "roots")
    return textResult(`${given.name}: ${JSON.stringify(greeting.result.content)}, ${String(roots.roots.length)} roots`);
  return inputRequired({
    inputRequests: {
      user_name: askName(),
      greeting: askSample("Generate a greeting", 50),
      client_roots: inputRequired.listRoots(),
    },
    requestState: await stateCodec.mint({ step: "all" }),
  });
}

async function askTwice({ mcpReq }: ServerContext): Promise<CallToolResult | InputRequiredResult> {
  const step = mcpReq.requestState<{ step: string }>()?.step ?? "";
  const color = z.object({ color: z.string() });
  const chosen = acceptedContent(mcpReq.inputResponses, "step2", color);
  if (step.startsWith("name=") && chosen) return textResult(`${step.slice(5)} likes ${chosen.color}`);
  const given = step === "" ? undefined : acceptedContent(mcpReq.inputResponses, "step1", name);
  if (!given)
    return inputRequired({
      inputRequests: { step1: askName("Step 1: What is your name?") },
      requestState: await stateCodec.mint({ step: "first" }),
    });
  const message = "Step 2: What is your favorite color?";
  return inputRequired({
    inputRequests: { step2: inputRequired.elicit({ message, requestedSchema: color }) },
    requestState: await stateCodec.mint({ step: `name=${given.name}` }),
  });
}
