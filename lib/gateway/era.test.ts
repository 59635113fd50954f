import { describe, expect, test } from "vitest";
import { readJson } from "@/lib/kernel/json";
import { readEnvelope } from "./envelope";
import { eraOf } from "./era";
import { classOf } from "./method-class";
import { decodeHeader, readHeaders } from "./request-headers";

const modern = "2026-07-28";
const meta = (version: string, more = ',"io.modelcontextprotocol/clientCapabilities":{}') =>
  `"_meta":{"io.modelcontextprotocol/protocolVersion":"${version}"${more}}`;

function era(method: string, params: string, headers: Record<string, string>, id = '"id":1,'): string {
  const text = `{"jsonrpc":"2.0",${id}"method":"${method}","params":{${params}}}`;
  const json = readJson(new TextEncoder().encode(text));
  const envelope = json.ok ? readEnvelope(json.value) : null;
  if (!envelope?.ok) throw new Error(text);
  const result = eraOf(envelope.message, readHeaders(Object.entries(headers).flat()));
  return result.ok ? `${result.era} ${result.revision}` : `${result.code} ${result.era}`;
}

const full = { "MCP-Protocol-Version": modern, "Mcp-Method": "ping" };

describe("P12 the era of a message", () => {
  test.each([
    ["no header is 2025-03-26", "ping", "", {}, "legacy 2025-03-26"],
    ["a known header", "ping", "", { "MCP-Protocol-Version": "2025-11-25" }, "legacy 2025-11-25"],
    ["an unknown header", "ping", "", { "MCP-Protocol-Version": "2020-01-01" }, "version legacy"],
    ["header and body agree", "ping", meta(modern), full, "modern 2026-07-28"],
    ["a modern body without a header", "ping", meta(modern), {}, "header_mismatch modern"],
    ["a modern header without a body", "ping", "", full, "meta modern"],
    ["header against body", "ping", meta("2025-11-25"), full, "header_mismatch modern"],
    [
      "an unknown version in both",
      "ping",
      meta("2099-01-01"),
      { ...full, "MCP-Protocol-Version": "2099-01-01" },
      "version modern",
    ],
    ["no capabilities", "ping", meta(modern, ""), full, "meta modern"],
    ["no method header", "ping", meta(modern), { "MCP-Protocol-Version": modern }, "header_mismatch modern"],
    ["another method header", "ping", meta(modern), { ...full, "Mcp-Method": "tools/call" }, "header_mismatch modern"],
    ["initialize under a modern header", "initialize", "", full, "header_mismatch modern"],
    [
      "a name header is required",
      "tools/call",
      `"name":"a",${meta(modern)}`,
      { ...full, "Mcp-Method": "tools/call" },
      "header_mismatch modern",
    ],
    [
      "a uri is mirrored too",
      "resources/read",
      `"uri":"a:b",${meta(modern)}`,
      { ...full, "Mcp-Method": "resources/read", "Mcp-Name": "a:b" },
      "modern 2026-07-28",
    ],
    [
      "a parameter header in a bad form",
      "ping",
      meta(modern),
      { ...full, "Mcp-Param-A": "=?base64?*?=" },
      "header_mismatch modern",
    ],
  ])("%s", (_name, method, params, headers, expected) => {
    expect(era(method, params, headers as Record<string, string>)).toBe(expected);
  });

  test("a notification needs no mirrors, but must not contradict them", () => {
    expect(era("notifications/cancelled", "", { "MCP-Protocol-Version": modern }, "")).toBe("modern 2026-07-28");
    expect(era("notifications/cancelled", "", full, "")).toBe("header_mismatch modern");
  });
});

test("a header in base64 form is decoded, a bad one is told", () => {
  expect(decodeHeader(`=?base64?${Buffer.from("héllo").toString("base64")}?=`)).toBe("héllo");
  expect(decodeHeader("plain")).toBe("plain");
  expect([decodeHeader("=?base64?a?="), decodeHeader("=?base64?/w==?=")]).toEqual([null, null]);
});

test("07-1 a method that its revision does not define is unknown", () => {
  expect(classOf("initialize", "2025-11-25", false)).toBe("lifecycle");
  for (const method of [
    "initialize",
    "ping",
    "logging/setLevel",
    "resources/subscribe",
    "tasks/list",
    "tasks/result",
  ]) {
    expect([method, classOf(method, "2026-07-28", false)]).toEqual([method, "unknown"]);
  }
  for (const method of ["server/discover", "subscriptions/listen", "tasks/update"]) {
    expect([method, classOf(method, "2025-11-25", false)]).toEqual([method, "unknown"]);
    expect(classOf(method, "2026-07-28", false)).not.toBe("unknown");
  }
  expect(classOf("tasks/get", "2025-06-18", false)).toBe("unknown");
  expect(classOf("tools/list", "2025-11-25", true)).toBe("unknown");
  expect(classOf("notifications/initialized", "2025-11-25", false)).toBe("unknown");
  expect(classOf("__proto__", "2025-11-25", false)).toBe("unknown");
});
