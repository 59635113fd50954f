import { afterAll, beforeAll, expect, test } from "vitest";
import { pool } from "@/lib/db/db.server";
import { makeToken } from "@/lib/grants/token.server";
import { startGatewayStack, type GatewayStack } from "@/lib/testing/gateway-stack";
import { callOf, mcpPost } from "@/lib/testing/mcp-post";
import { sendRaw } from "@/lib/testing/raw-http";
import { scriptedTools, startScriptedUpstream, type ScriptedUpstream } from "@/lib/testing/scripted-upstream";

const policy = `
version: "1"
tools:
  create_charge: {rules: []}
`;

let upstream: ScriptedUpstream;
let stack: GatewayStack;

beforeAll(async () => {
  upstream = await startScriptedUpstream();
  stack = await startGatewayStack({ upstreamUrl: upstream.url, policy, tools: scriptedTools });
});
afterAll(async () => {
  await stack.close();
  await upstream.close();
});

const call = callOf("create_charge", { amount: 1 });
const add = () => stack.add({ upstreamUrl: upstream.url, policy, tools: scriptedTools });

async function post(url: string, headers: Record<string, string>) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(call),
  });
  return { status: response.status, challenge: response.headers.get("www-authenticate"), text: await response.text() };
}

test("A9 no, malformed or unknown tokens get one 401 and never an exception", async () => {
  const bodies = new Set<string>();
  const tokens = [
    "",
    "Bearer",
    "Bearer ",
    "Bearer %ZZ",
    `Bearer ${"x".repeat(10_240)}`,
    "Basic abc",
    "Bearer  two",
    stack.token,
  ];
  for (const authorization of [
    ...tokens,
    `Bearer ${makeToken()}`,
    `Bearer ${stack.token}x`,
    `Bearer ${stack.token} x`,
  ]) {
    const answer = await post(stack.url, authorization === "" ? {} : { Authorization: authorization });
    expect([authorization, answer.status]).toEqual([authorization, 401]);
    const metadata = stack.url.replace("/mcp/", "/.well-known/oauth-protected-resource/mcp/");
    const error = authorization === "" ? "" : ', error="invalid_token"';
    expect(answer.challenge).toBe(`Bearer realm="policylayer"${error}, resource_metadata="${metadata}"`);
    bodies.add(answer.text);
  }
  expect(bodies.size).toBe(1);
  expect(upstream.received).toEqual([]);
  expect(await stack.log(stack)).toEqual([]);
});

test("the scheme's name may be written in any case", async () => {
  expect((await post(stack.url, { Authorization: `bEARER ${stack.token}` })).status).toBe(200);
});

test("A1 guessed tokens are slowed down per address; valid ones of the same address are not", async () => {
  const statuses: number[] = [];
  for (let i = 0; i < 8; i++) statuses.push((await post(stack.url, { Authorization: `Bearer ${makeToken()}` })).status);
  expect(statuses.at(-1)).toBe(429);
  expect((await post(stack.url, { Authorization: `Bearer ${stack.token}` })).status).toBe(200);
});

test("A2 a token in the URL or in a cookie is refused and its value is not repeated", async () => {
  const bearer = { Authorization: `Bearer ${stack.token}` };
  const urls = [
    `${stack.url}?token=${stack.token}`,
    `${stack.url}?access_token=abc`,
    `${stack.url}?x=${stack.token.replace("plg", "%70lg")}`,
    `http://127.0.0.1:${String(stack.port)}/mcp/${stack.token}`,
  ];
  for (const url of urls) {
    const answer = await post(url, bearer);
    expect([url, answer.status]).toEqual([url, 400]);
    expect(answer.text).toContain('"reason":"token_in_url"');
    expect(answer.text).not.toContain(stack.token);
  }
  expect((await post(stack.url, { ...bearer, Cookie: `grant=${stack.token}` })).status).toBe(400);
});

test("A3 another server's, an expired, a not yet valid and a revoked grant get the same 401, and known ones are recorded", async () => {
  const [other, expired, early, revoked] = [await add(), await add(), await add(), await add()];
  await pool().query(`UPDATE "grant" SET expires_at = now() - interval '1 s' WHERE id = $1`, [expired.grantId]);
  await pool().query(`UPDATE "grant" SET not_before = now() + interval '1 h' WHERE id = $1`, [early.grantId]);
  expect((await mcpPost(revoked, call)).status).toBe(200);
  await stack.revoke(revoked);
  const fixed = (await post(stack.url, {})).text;
  for (const [grant, url, rules] of [
    [other, stack.url, ["(wrong server)"]],
    [expired, expired.url, ["(grant expired)"]],
    [early, early.url, []],
    [revoked, revoked.url, ["", "(grant revoked)"]],
  ] as const) {
    const answer = await post(url, { Authorization: `Bearer ${grant.token}` });
    expect([answer.status, answer.text]).toEqual([401, fixed]);
    expect(answer.challenge).toContain('error="invalid_token"');
    const decisions = (await stack.log(grant)).filter((row) => row.kind === "decision");
    expect(decisions.map((row) => row.rule)).toEqual(rules);
  }
});

test("A3 a grant revoked behind the caches' back is stopped by the reservation", async () => {
  // A second after the last look the caches ask again and the door answers 401: on a slow machine, take another grant.
  for (let attempt = 1; ; attempt += 1) {
    const grant = await add();
    expect((await mcpPost(grant, call)).json.result?.isError).toBeUndefined();
    const before = upstream.executed.length;
    await pool().query(`UPDATE "grant" SET revoked_at = now(), version = version + 1 WHERE id = $1`, [grant.grantId]);
    const answer = await mcpPost(grant, call);
    expect(upstream.executed.length).toBe(before);
    if (answer.status === 401 && attempt < 10) continue;
    expect(answer.decision).toMatchObject({ decision: "deny", reason: "grant_revoked", rule: "(grant revoked)" });
    return;
  }
});

test("refusals at the door are merged into one row after twenty in a minute", async () => {
  const grant = await add();
  for (let i = 0; i < 30; i++) await mcpPost(grant, "{");
  expect(await stack.log(grant)).toHaveLength(20);
});

test("an unknown path or server is a 404 in JSON; without a token nobody learns which servers exist", async () => {
  const base = `http://127.0.0.1:${String(stack.port)}`;
  const bearer = { Authorization: `Bearer ${stack.token}` };
  const nowhere = `${base}/mcp/00000000-0000-4000-8000-000000000000`;
  for (const url of [`${base}/mcp/not-a-uuid`, `${base}/mcp/`, `${stack.url}/more`, nowhere]) {
    const answer = await post(url, bearer);
    expect([url, answer.status]).toEqual([url, 404]);
    expect(JSON.parse(answer.text)).toMatchObject({ error: { code: -32600 } });
  }
  expect((await post(nowhere, {})).status).toBe(401);
});

test("the path with a trailing slash is the same resource", async () => {
  expect((await post(`${stack.url}/`, { Authorization: `Bearer ${stack.token}` })).status).toBe(200);
});

test("H4 a foreign Host or Origin is a 403 that says nothing of JSON-RPC", async () => {
  const bearer = { Authorization: `Bearer ${stack.token}` };
  for (const origin of ["http://evil.example", "null", `http://127.0.0.1:${String(stack.port)}.evil.example`]) {
    const answer = await post(stack.url, { ...bearer, Origin: origin });
    expect([origin, answer.status, answer.text.includes("jsonrpc")]).toEqual([origin, 403, false]);
  }
  const lines = [
    `POST /mcp/${stack.serverId} HTTP/1.1`,
    "Host: evil.example",
    `Authorization: Bearer ${stack.token}`,
    "",
    "",
  ];
  expect((await sendRaw(stack.port, lines.join("\r\n"))).status).toBe(403);
  const own = await post(stack.url, { ...bearer, Origin: `http://127.0.0.1:${String(stack.port)}` });
  expect(own.status).toBe(200);
});
