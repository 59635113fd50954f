import { createHash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a scripted authorisation server does; changed between requests. The defaults are those of an honest one. */
export interface IssuerMode {
  /** Members put over its metadata; undefined takes one away. */
  metadata: Record<string, unknown>;
  /** How its metadata answers. */
  metadataAnswer: "ok" | "redirect" | "huge" | "slow" | "html";
  /** `iss` of its authorisation responses. */
  iss: "right" | "missing" | { text: string };
  registration: "open" | "refused";
  /** Seconds of life of a token; null = none is said. */
  expiresIn: number | null;
  /** A refresh token is used once and replaced. */
  rotates: boolean;
  refresh: "ok" | "refused" | "down" | "slow";
  /** Members put over a token answer. */
  tokenAnswer: Record<string, unknown>;
}

export interface IssuerRequest {
  path: string;
  method: string;
  headers: IncomingMessage["headers"];
  form: URLSearchParams;
  body: string;
}

interface Granted {
  challenge: string;
  redirectUri: string;
  resource: string;
  clientId: string;
  scope: string;
}

export interface IssuerFake {
  origin: string;
  mode: IssuerMode;
  requests: IssuerRequest[];
  /** Access tokens that work, with their scopes. */
  access: Map<string, string>;
  refresh: Set<string>;
  /** Where metadata redirects and scripted endpoints lead; counts what arrives there. */
  count(path: string): number;
  /** Plays the person at the authorisation endpoint: answers the query that the browser comes back with. */
  approve(url: string): Promise<string>;
  /** Ends every access token that was given, as an expiry would. */
  expire(): void;
  close(): Promise<void>;
}

const honest = (): IssuerMode => ({
  metadata: {},
  metadataAnswer: "ok",
  iss: "right",
  registration: "open",
  expiresIn: 3600,
  rotates: true,
  refresh: "ok",
  tokenAnswer: {},
});

interface State {
  fake: IssuerFake;
  codes: Map<string, Granted>;
  held: Set<ServerResponse>;
}

/** A scripted authorisation server on loopback: authorization code with PKCE, refresh, registration, revocation. */
export async function startIssuer(mode: Partial<IssuerMode> = {}): Promise<IssuerFake> {
  const state: State = { fake: undefined as unknown as IssuerFake, codes: new Map(), held: new Set() };
  const server = createServer((incoming, outgoing) => void take(state, incoming, outgoing));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  state.fake = {
    origin,
    mode: { ...honest(), ...mode },
    requests: [],
    access: new Map(),
    refresh: new Set(),
    count: (path) => state.fake.requests.filter((request) => request.path === path).length,
    approve: (url) => approve(url),
    expire: () => {
      state.fake.access.clear();
    },
    close: () => closeServer(server, state.held),
  };
  return state.fake;
}

async function approve(url: string): Promise<string> {
  const answer = await fetch(url, { redirect: "manual" });
  const location = answer.headers.get("location");
  if (location === null) throw new Error(`no redirect but ${String(answer.status)}`);
  return new URL(location).search.slice(1);
}

/** Ends a server with whatever still hangs on it. */
export function closeServer(server: Server, held: Iterable<ServerResponse> = []): Promise<void> {
  for (const outgoing of held) outgoing.destroy();
  return new Promise((resolve) => {
    server.closeAllConnections();
    server.close(() => {
      resolve();
    });
  });
}

async function take(state: State, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const url = new URL(incoming.url ?? "/", state.fake.origin);
  const body = await readBody(incoming);
  const { method = "", headers } = incoming;
  const form = new URLSearchParams(body);
  state.fake.requests.push({ path: url.pathname, method, headers, form, body });
  const routes: Record<string, () => void> = {
    "/.well-known/oauth-authorization-server": () => {
      answerMetadata(state, outgoing);
    },
    "/authorize": () => {
      authorize(state, url.searchParams, outgoing);
    },
    "/token": () => {
      answerToken(state, form, outgoing);
    },
    "/register": () => {
      register(state, body, outgoing);
    },
    "/revoke": () => {
      state.fake.refresh.delete(form.get("token") ?? "");
      state.fake.access.delete(form.get("token") ?? "");
      send(outgoing, 200, {});
    },
  };
  (routes[url.pathname] ?? (() => outgoing.writeHead(404).end()))();
}

function metadataOf({ fake }: State): Record<string, unknown> {
  const { origin, mode } = fake;
  return {
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    registration_endpoint: `${origin}/register`,
    revocation_endpoint: `${origin}/revoke`,
    response_types_supported: ["code"],
    code_challenge_methods_supported: ["S256"],
    token_endpoint_auth_methods_supported: ["client_secret_basic", "none"],
    authorization_response_iss_parameter_supported: true,
    ...mode.metadata,
  };
}

function answerMetadata(state: State, outgoing: ServerResponse): void {
  const { mode, origin } = state.fake;
  if (mode.metadataAnswer === "redirect") outgoing.writeHead(302, { Location: `${origin}/elsewhere` }).end();
  else if (mode.metadataAnswer === "slow") state.held.add(outgoing);
  else if (mode.metadataAnswer === "html") outgoing.writeHead(200, { "Content-Type": "text/html" }).end("<p>");
  else {
    const padding = mode.metadataAnswer === "huge" ? { padding: "x".repeat(1_000_000) } : {};
    send(outgoing, 200, { ...metadataOf(state), ...padding });
  }
}

function authorize(state: State, asked: URLSearchParams, outgoing: ServerResponse): void {
  const { mode, origin } = state.fake;
  const code = randomBytes(16).toString("hex");
  const redirectUri = asked.get("redirect_uri") ?? "";
  state.codes.set(code, {
    challenge: asked.get("code_challenge_method") === "S256" ? (asked.get("code_challenge") ?? "") : "",
    redirectUri,
    resource: asked.get("resource") ?? "",
    clientId: asked.get("client_id") ?? "",
    scope: asked.get("scope") ?? "",
  });
  const back = new URL(redirectUri);
  back.searchParams.set("code", code);
  back.searchParams.set("state", asked.get("state") ?? "");
  if (mode.iss !== "missing") back.searchParams.set("iss", mode.iss === "right" ? origin : mode.iss.text);
  outgoing.writeHead(302, { Location: back.href }).end();
}

function answerToken(state: State, form: URLSearchParams, outgoing: ServerResponse): void {
  if (form.get("grant_type") === "refresh_token") refresh(state, form, outgoing);
  else redeem(state, form, outgoing);
}

function redeem(state: State, form: URLSearchParams, outgoing: ServerResponse): void {
  const code = form.get("code") ?? "";
  const granted = state.codes.get(code);
  state.codes.delete(code);
  const challenge = createHash("sha256")
    .update(form.get("code_verifier") ?? "")
    .digest("base64url");
  const fits =
    granted?.challenge === challenge &&
    granted.redirectUri === form.get("redirect_uri") &&
    granted.resource === form.get("resource");
  if (!granted || !fits) send(outgoing, 400, { error: "invalid_grant" });
  else give(state, granted.scope, outgoing);
}

function refresh(state: State, form: URLSearchParams, outgoing: ServerResponse): void {
  const { mode, refresh: known } = state.fake;
  const token = form.get("refresh_token") ?? "";
  if (mode.refresh === "down") outgoing.writeHead(503).end();
  else if (mode.refresh === "slow") state.held.add(outgoing);
  else if (mode.refresh === "refused" || !known.has(token)) send(outgoing, 400, { error: "invalid_grant" });
  else {
    if (mode.rotates) known.delete(token);
    give(state, form.get("scope") ?? "", outgoing);
  }
}

function give({ fake }: State, scope: string, outgoing: ServerResponse): void {
  const { mode } = fake;
  const [access, refreshed] = [`at-${randomBytes(12).toString("hex")}`, `rt-${randomBytes(12).toString("hex")}`];
  fake.access.set(access, scope);
  fake.refresh.add(refreshed);
  send(outgoing, 200, {
    access_token: access,
    refresh_token: refreshed,
    token_type: "Bearer",
    ...(mode.expiresIn === null ? {} : { expires_in: mode.expiresIn }),
    ...mode.tokenAnswer,
  });
}

function register({ fake }: State, body: string, outgoing: ServerResponse): void {
  if (fake.mode.registration === "refused") return send(outgoing, 403, { error: "access_denied" });
  const asked = JSON.parse(body) as Record<string, unknown>;
  const secret =
    asked.token_endpoint_auth_method === "none" ? {} : { client_secret: "s3cret", client_secret_expires_at: 0 };
  send(outgoing, 201, { ...asked, client_id: `client-${randomBytes(6).toString("hex")}`, ...secret });
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of incoming as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

function send(outgoing: ServerResponse, status: number, body: unknown): void {
  outgoing.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}
