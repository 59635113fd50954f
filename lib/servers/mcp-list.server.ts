import "server-only";
import { createHash } from "node:crypto";
import { AppError, isAppError } from "@/lib/kernel/errors";
import { readSeen, readToolPage, type SeenDefinition } from "./definition";
import { endSession, exchange, ExchangeFault, type RpcAnswer, type ScanTarget } from "./mcp-exchange.server";

const totalMs = 30_000;
const pagesMax = 100;
const toolsMax = 5000;
const legacyVersion = "2025-11-25";
const modernVersion = "2026-07-28";
/** Everything that a client may be able to do: servers show some tools only to those that can. */
const capabilities = { sampling: {}, elicitation: { form: {}, url: {} }, roots: {} };
const client = { name: "policylayer", version: "1" };

/** What a scan says of a server that takes no call without a credential, or not with the one that it got. */
export const credentialAsked = "the server asks for a credential";

/** How to speak to an upstream once its era is known. */
interface Conversation {
  headers: Record<string, string>;
  meta: Record<string, unknown> | null;
}

/**
 * Every tool of an upstream MCP server, all pages, or nothing: a failure on any page throws and leaves no partial list.
 * Speaks the handshake revisions first and 2026-07-28 when the server refuses `initialize`. Throws `scan_failed` whose one
 * issue names the step, or `address_blocked`.
 */
export async function listUpstreamTools(target: ScanTarget): Promise<SeenDefinition[]> {
  const signal = AbortSignal.timeout(totalMs);
  const talk = await open(target, signal);
  try {
    return await readPages(target, talk, signal);
  } finally {
    if (talk.headers["mcp-session-id"]) void endSession(target, talk.headers);
  }
}

/** SHA-256, hex. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

async function open(target: ScanTarget, signal: AbortSignal): Promise<Conversation> {
  const params = { protocolVersion: legacyVersion, capabilities, clientInfo: client };
  const answer = await step("initialize", () => exchange(target, { id: 1, method: "initialize", params }, {}, signal));
  if (answer.status === 401 || answer.status === 403) throw failed("initialize", credentialAsked);
  if (answer.status === 200 && answer.message && answer.errorCode === null) return greet(target, answer, signal);
  const isOld = target.upstream.transport === "sse" && answer.status !== 200;
  if (answer.status >= 500 || isOld) throw failed("initialize", `the server answered HTTP ${String(answer.status)}`);
  return {
    headers: { "mcp-protocol-version": modernVersion },
    meta: {
      "io.modelcontextprotocol/protocolVersion": modernVersion,
      "io.modelcontextprotocol/clientCapabilities": capabilities,
      "io.modelcontextprotocol/clientInfo": client,
    },
  };
}

async function greet(target: ScanTarget, answer: RpcAnswer, signal: AbortSignal): Promise<Conversation> {
  const { result } = JSON.parse(answer.message?.toString("utf8") ?? "{}") as { result?: { protocolVersion?: unknown } };
  const version = typeof result?.protocolVersion === "string" ? result.protocolVersion : legacyVersion;
  const headers: Record<string, string> = { "mcp-protocol-version": version };
  if (answer.sessionId) headers["mcp-session-id"] = answer.sessionId;
  await step("initialized", () =>
    exchange(target, { id: null, method: "notifications/initialized", params: {} }, headers, signal),
  );
  return { headers, meta: null };
}

async function readPages(target: ScanTarget, talk: Conversation, signal: AbortSignal): Promise<SeenDefinition[]> {
  const found = new Map<string, SeenDefinition>();
  let cursor: string | null = null;
  for (let page = 1; page <= pagesMax; page += 1) {
    const name = `tools/list page ${String(page)}`;
    const answer = await step(name, () => askPage(target, talk, page, cursor, signal));
    if (answer.errorCode === -32601 && talk.meta === null && page === 1) return [];
    const read = readAnswer(name, answer);
    for (const [index, text] of read.tools.entries()) addTool(found, name, index, text);
    if (read.nextCursor === null) return [...found.values()];
    if (read.nextCursor === cursor) throw failed(name, "the cursor does not move");
    cursor = read.nextCursor;
  }
  throw failed("tools/list", `more than ${String(pagesMax)} pages`);
}

function askPage(target: ScanTarget, talk: Conversation, page: number, cursor: string | null, signal: AbortSignal) {
  const params = { ...(cursor === null ? {} : { cursor }), ...(talk.meta === null ? {} : { _meta: talk.meta }) };
  const headers = talk.meta === null ? talk.headers : { ...talk.headers, "mcp-method": "tools/list" };
  return exchange(target, { id: page + 1, method: "tools/list", params }, headers, signal);
}

function readAnswer(name: string, answer: RpcAnswer) {
  if (answer.errorCode !== null) throw failed(name, `JSON-RPC error ${String(answer.errorCode)}`);
  if (answer.status !== 200) throw failed(name, `the server answered HTTP ${String(answer.status)}`);
  const read = answer.message && readToolPage(answer.message);
  if (!read) throw failed(name, "the answer is not an MCP tool list");
  return read;
}

function addTool(found: Map<string, SeenDefinition>, name: string, index: number, text: string): void {
  const definition = readSeen(text, sha256);
  if (!definition) throw failed(name, `tool ${String(index + 1)} has no name or is not JSON`);
  if (found.has(definition.name)) throw failed(name, "one tool is listed twice");
  if (found.size >= toolsMax) throw failed(name, `more than ${String(toolsMax)} tools`);
  found.set(definition.name, definition);
}

async function step<T>(name: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (isAppError(error)) throw error;
    throw failed(name, error instanceof ExchangeFault ? error.message : "the answer could not be read", error);
  }
}

function failed(path: string, message: string, cause?: unknown): AppError {
  return new AppError("scan_failed", { detail: `${path}: ${message}`, issues: [{ path, message }], cause });
}
