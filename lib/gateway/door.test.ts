import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checkDoor, type DoorResult } from "./door";
import { readHeaders } from "./request-headers";
import { relayedType, toClient, toUpstream, userAgent } from "./upstream-headers";

const id = "0e9f6c1a-2b3c-4d5e-8f90-123456789abc";
const site = { hosts: new Set(["gw.example", "localhost:3000"]), publicUrl: "https://gw.example" };

function door(path: string, headers: Record<string, string> = {}, method = "POST"): string {
  const lines = Object.entries({ Host: "gw.example", ...headers }).flat();
  const result: DoorResult = checkDoor(method, `http://gw.example${path}`, readHeaders(lines), site);
  return result.ok ? result.scope.id : result.code;
}

describe("the door, in its promised order", () => {
  test.each([
    [`/mcp/${id}`, {}, id],
    [`/mcp/${id}/`, {}, id],
    [`/mcp/${id.toUpperCase()}`, {}, id],
    [`/mcp/${id}?debug=1`, {}, id],
    [`/mcp/${id}//`, {}, "unknown_server"],
    [`/mcp/${id}x`, {}, "unknown_server"],
    ["/mcp", {}, "unknown_server"],
    ["/other", {}, "unknown_server"],
    [`/mcp/${id}`, { Host: "evil.example" }, "bad_origin"],
    [`/mcp/${id}`, { Origin: "null" }, "bad_origin"],
    [`/mcp/${id}`, { Origin: "https://evil.example" }, "bad_origin"],
    [`/mcp/${id}`, { Origin: "https://gw.example" }, id],
    ["/mcp/plg_abc", {}, "token_in_url"],
    [`/mcp/${id}?a=plg_abc`, {}, "token_in_url"],
    [`/mcp/${id}?a=%70%6cg_abc`, {}, "token_in_url"],
    [`/mcp/${id}?a=%zz`, {}, id],
    [`/mcp/${id}?Access_Token=x`, {}, "token_in_url"],
    [`/mcp/${id}`, { Cookie: "a=b; t=plg_x" }, "token_in_url"],
    [`/mcp/${id}`, { Cookie: "a=b" }, id],
  ])("%s %j", (path, headers, expected) => {
    expect(door(path, headers as Record<string, string>)).toBe(expected);
  });

  test("H12 methods", () => {
    expect(door(`/mcp/${id}`, {}, "GET")).toBe(id);
    expect(door(`/mcp/${id}`, { "MCP-Protocol-Version": "2026-07-28" }, "GET")).toBe("method_not_allowed");
    for (const method of ["PUT", "PATCH", "OPTIONS", "HEAD", "TRACE"])
      expect(door(`/mcp/${id}`, {}, method)).toBe("method_not_allowed");
  });
});

test("H2 repeated header lines are seen as they stood on the wire", () => {
  const of = (...lines: string[]) => readHeaders(lines).duplicate;
  expect(of("Host", "a", "host", "a")).toBe("host");
  expect(of("Mcp-Whatever", "1", "MCP-whatever", "2")).toBe("mcp-whatever");
  expect(of("Accept", "a", "Accept", "b")).toBeNull();
  expect(readHeaders(["Accept", "a", "Accept", "b"]).accept).toBe("a, b");
});

test("H9 the upstream's header lines are an allow-list", () => {
  const lines = [
    "Authorization",
    "Bearer x",
    "Cookie",
    "a",
    "X-Evil",
    "1",
    "Mcp-Param-A",
    "1",
    "MCP-Protocol-Version",
    "2026-07-28",
    "Mcp-Method",
    "ping",
  ];
  expect(Object.keys(toUpstream(readHeaders(lines), true)).sort()).toEqual([
    "accept",
    "accept-encoding",
    "content-type",
    "mcp-method",
    "mcp-param-a",
    "mcp-protocol-version",
    "user-agent",
  ]);
  expect(toUpstream(readHeaders(["Accept", "text/html, */*"]), false)["accept"]).toBe(
    "application/json, text/event-stream",
  );
  expect(toUpstream(readHeaders(["Accept", "application/json"]), false)["accept"]).toBe("application/json");
});

test("H11 the client's header lines are an allow-list", () => {
  const upstream = {
    "set-cookie": ["a=1"],
    location: "x",
    "retry-after": "3",
    "mcp-session-id": "s",
    allow: "POST",
    server: "x",
  };
  expect(toClient(upstream)).toEqual({ "retry-after": "3", "mcp-session-id": "s", allow: "POST" });
  expect([
    relayedType("application/json; charset=utf-8"),
    relayedType("Text/Event-Stream"),
    relayedType("text/html"),
    relayedType(null),
  ]).toEqual(["json", "sse", null, null]);
});

test("the product names its own version to upstreams", () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  expect(userAgent).toBe(`policylayer/${version}`);
});
