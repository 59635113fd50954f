import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  Client,
  StreamableHTTPClientTransport,
  UnauthorizedError,
  type OAuthClientProvider,
} from "@modelcontextprotocol/client";

type Stored = Awaited<ReturnType<OAuthClientProvider["clientInformation"]>>;
type Tokens = Awaited<ReturnType<OAuthClientProvider["tokens"]>>;

/** A desktop app on the official MCP client, that knows the server's URL and nothing else. */
export interface DesktopClient {
  /** Tries to connect, is refused, introduces itself, and gives the URL that the app would open in a browser. */
  begin: () => Promise<string>;
  /** Waits for the browser to come back, checks `state`, takes the tokens and connects. */
  finish: () => Promise<void>;
  /** What the browser brought back, once it has. */
  answer: () => Promise<URLSearchParams>;
  tools: () => Promise<string[]>;
  call: (tool: string, args: Record<string, unknown>) => Promise<{ text: string; isError: boolean }>;
  /** The tokens that it holds. */
  tokens: () => Tokens;
  close: () => Promise<void>;
}

/** Opens the app: it listens on loopback, on a port of its own, for the browser's return. */
export async function openDesktopClient(mcpUrl: string, name: string): Promise<DesktopClient> {
  let comeBack: (answer: URLSearchParams) => void = () => undefined;
  const returned = new Promise<URLSearchParams>((resolve) => (comeBack = resolve));
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    response.writeHead(200, { "content-type": "text/html" });
    response.end('<!doctype html><html lang="en"><title>Desk</title><h1>Back in the app</h1></html>');
    if (url.pathname === "/callback") comeBack(url.searchParams);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const app = makeProvider(`http://127.0.0.1:${String(port)}/callback`, name);
  const newTransport = () => new StreamableHTTPClientTransport(new URL(mcpUrl), { authProvider: app.provider });
  const first = newTransport();
  let client = new Client({ name, version: "1.0.0" });
  return {
    begin: async () => {
      await client.connect(first).then(
        () => Promise.reject(new Error("the client was let in without a token")),
        (error: unknown) => {
          if (!(error instanceof UnauthorizedError)) throw error;
        },
      );
      return app.opened();
    },
    answer: () => returned,
    finish: async () => {
      const answer = await returned;
      if (answer.get("state") !== app.state) throw new Error("another state came back");
      await first.finishAuth(answer);
      client = new Client({ name, version: "1.0.0" });
      await client.connect(newTransport());
    },
    tools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    call: async (tool, args) => {
      const result = await client.callTool({ name: tool, arguments: args });
      const content = result.content as { text?: string }[];
      return { text: content.map((part) => part.text ?? "").join("\n"), isError: result.isError === true };
    },
    tokens: () => app.tokens(),
    close: async () => {
      await client.close().catch(() => undefined);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function makeProvider(redirectUrl: string, name: string) {
  const state = crypto.randomUUID();
  const kept: { client?: Stored; tokens?: Tokens; verifier: string; url: string } = { verifier: "", url: "" };
  const provider: OAuthClientProvider = {
    redirectUrl,
    clientMetadata: { client_name: name, redirect_uris: [redirectUrl] },
    state: () => state,
    clientInformation: () => kept.client,
    saveClientInformation: (client) => void (kept.client = client),
    tokens: () => kept.tokens,
    saveTokens: (tokens) => void (kept.tokens = tokens),
    redirectToAuthorization: (url) => void (kept.url = url.href),
    saveCodeVerifier: (verifier) => void (kept.verifier = verifier),
    codeVerifier: () => kept.verifier,
  };
  return { provider, state, opened: () => kept.url, tokens: () => kept.tokens };
}
