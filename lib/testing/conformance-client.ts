import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { env, setRuntime } from "@/lib/env/env.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { ServerInput } from "@/lib/servers/schema";
import {
  createServer,
  finishSignIn,
  getServerAuth,
  planSignIn,
  setSignInClient,
  startSignIn,
} from "@/lib/servers/servers.server";
import { startConformanceGateway } from "./conformance-gateway";
import { openPolicy } from "./conformance-policies";
import { createGrantRow, createMember, createOrg, createPolicyRow } from "./factories";

/** What the suite gives a client under test. */
interface Scenario {
  url: string;
  scenario: string;
  version: string;
  context: { client_id?: string; client_secret?: string; issuer?: string } | null;
}

export interface ClientUnderTest {
  /** Where `conformance-client-run.mjs` hands in its scenario. */
  control: string;
  close(): Promise<void>;
}

/** The suite's own name for a client that identifies itself by its metadata document. */
const publicUrl = "https://conformance-test.local";
/** How often an admin would sign in again before giving up. */
const signInsMax = 3;

/**
 * Our upstream client as the suite's client under test: the gateway with everything beneath it, and an admin who confirms each sign-in
 * at once. Each scenario gets a server, a grant and calls through the gateway.
 */
export async function startClientUnderTest(): Promise<ClientUnderTest> {
  const gateway = await startConformanceGateway();
  const { port } = env();
  setRuntime({ port, publicUrl });
  const admin = await createMember(await createOrg(), "admin");
  const control = createHttpServer((incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on("data", (part: Buffer) => parts.push(part));
    incoming.on("end", () => {
      play(admin, port, JSON.parse(Buffer.concat(parts).toString()) as Scenario).then(
        (said) => outgoing.writeHead(200).end(said.join("\n")),
        (error: unknown) => outgoing.writeHead(500).end(wordsOf(error)),
      );
    });
  });
  await new Promise<void>((resolve) => control.listen(0, "127.0.0.1", resolve));
  return {
    control: `http://127.0.0.1:${String((control.address() as AddressInfo).port)}/`,
    async close() {
      control.closeAllConnections();
      await new Promise((resolve) => control.close(resolve));
      await gateway.close();
    },
  };
}

async function play(admin: Ctx, port: number, scenario: Scenario): Promise<string[]> {
  const { url, context, version } = scenario;
  const name = `${scenario.scenario} ${version} ${new URL(url).port}`;
  const { id } = await createServer(admin, ServerInput.parse({ name, url, allowPrivateNetwork: true }));
  if (context?.client_id !== undefined) await enterClient(admin, id, context);
  const policyId = await createPolicyRow(admin.orgId, openPolicy, name);
  const { token } = await createGrantRow(admin.orgId, { serverId: id, policyId });
  const said: string[] = [];
  for (let signIns = 1; signIns <= signInsMax; signIns += 1) {
    await signIn(admin, id);
    said.push(`signed in, ${JSON.stringify(await getServerAuth(admin, id))}`);
    said.push(...(await callTool(`http://127.0.0.1:${String(port)}/mcp/${id}`, token, version)));
    const auth = await getServerAuth(admin, id);
    said.push(`then ${auth.state} ${auth.reason ?? ""}`);
    if (auth.state !== "connected") continue;
    if (!/"text": ?"test"/.test(said.join("\n"))) throw new Error(`No tool ran.\n${said.join("\n")}`);
    return said;
  }
  throw new Error(said.join("\n"));
}

async function enterClient(admin: Ctx, id: string, context: NonNullable<Scenario["context"]>): Promise<void> {
  const { client_id: clientId = "", client_secret: clientSecret = null } = context;
  const { issuer } = await planSignIn(admin, id);
  await setSignInClient(admin, id, { issuer, clientId, clientSecret });
}

/** What a person does in the browser: confirm, be sent away, come back. */
async function signIn(admin: Ctx, id: string): Promise<void> {
  const { issuer, scopes } = await planSignIn(admin, id);
  const { url } = await startSignIn(admin, id, { issuer, scopes });
  const sent = await fetch(url, { redirect: "manual" });
  const back = new URL(sent.headers.get("location") ?? "");
  if (`${back.origin}${back.pathname}` !== `${publicUrl}/oauth/upstream/callback`) throw new Error("sent elsewhere");
  await finishSignIn(admin, { query: back.search.slice(1) });
}

/** An agent behind the gateway: lists and calls a tool in the era of the revision. */
async function callTool(endpoint: string, token: string, version: string): Promise<string[]> {
  const isModern = version >= "2026";
  const headers: Record<string, string> = {
    Authorization: `Bearer ${token}`,
    "Content-Type": "application/json",
    Accept: "application/json, text/event-stream",
    "MCP-Protocol-Version": version,
  };
  const clientInfo = { name: "agent", version: "1" };
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": version,
    "io.modelcontextprotocol/clientInfo": clientInfo,
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const said: string[] = [];
  const send = async (id: number | null, method: string, params: Record<string, unknown>, more = {}) => {
    const whole = isModern ? { ...params, _meta } : params;
    const body = JSON.stringify({ jsonrpc: "2.0", ...(id === null ? {} : { id }), method, params: whole });
    const routed = isModern ? { "Mcp-Method": method, ...more } : {};
    const answer = await fetch(endpoint, { method: "POST", headers: { ...headers, ...routed }, body });
    said.push(`${method}: ${String(answer.status)} ${(await answer.text()).slice(0, 300)}`);
    const session = answer.headers.get("mcp-session-id");
    if (session !== null) headers["Mcp-Session-Id"] = session;
  };
  if (!isModern) {
    await send(1, "initialize", { protocolVersion: version, capabilities: {}, clientInfo });
    await send(null, "notifications/initialized", {});
  }
  await send(2, "tools/list", {});
  await send(3, "tools/call", { name: "test-tool", arguments: {} }, { "Mcp-Name": "test-tool" });
  return said;
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const issues = "issues" in error ? JSON.stringify(error.issues) : "";
  return `${error.message} ${issues}`;
}
