import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { canonical } from "@/lib/audit/canonical";
import { toValue } from "@/lib/policy/read-tests";
import { readTree, type TreeMap } from "@/lib/policy/yaml-tree";
import { startGatewayStack, type GatewayStack } from "@/lib/testing/gateway-stack";
import { mcpPost, textOf, type McpResponse } from "@/lib/testing/mcp-post";
import { startScriptedUpstream, type ScriptedUpstream } from "@/lib/testing/scripted-upstream";

const folder = path.resolve("lib/policy/cases");

interface Case {
  name: string;
  policy: string;
  tool: string;
  args: string;
  expect: string;
  rule: string | null;
  message: string | null;
}

function textAt(map: TreeMap, key: string): string | null {
  const node = map.entries.get(key)?.value;
  return node?.kind === "scalar" && typeof node.value === "string" ? node.value : null;
}

/** What the gateway knows of itself, so that a case cannot leave it out. */
const ownFacts = /path: *["']?(client|tool\.(category|risk|annotations))/;

/** The cases that say nothing but a policy and one call: what is given beside a call is the gateway's to know. */
function readCase(file: string): Case | null {
  const content = readTree(readFileSync(path.join(folder, file), "utf8")).root;
  if (content?.kind !== "map" || content.entries.has("given")) return null;
  const [wanted, call] = [textAt(content, "expect"), content.entries.get("call")?.value];
  const tool = call?.kind === "map" ? textAt(call, "tool") : null;
  if (wanted === null || call?.kind !== "map" || tool === null) return null;
  const policyFile = textAt(content, "policyFile");
  const policy = policyFile ? readFileSync(path.join(folder, "..", policyFile), "utf8") : textAt(content, "policy");
  if (ownFacts.test(policy ?? "")) return null;
  const args = call.entries.get("args")?.value;
  return {
    name: file.replace(/\.yaml$/, "").replaceAll("-", " "),
    policy: policy ?? "",
    tool,
    args: args ? canonical(toValue(args)) : "{}",
    expect: wanted,
    rule: textAt(content, "rule"),
    message: textAt(content, "message"),
  };
}

const files = readdirSync(folder).flatMap((area) =>
  readdirSync(path.join(folder, area)).map((file) => `${area}/${file}`),
);
const cases = files.map(readCase).filter((one) => one !== null);

let upstream: ScriptedUpstream;
let stack: GatewayStack;

beforeAll(async () => {
  upstream = await startScriptedUpstream();
  stack = await startGatewayStack({ upstreamUrl: upstream.url, policy: null, tools: [] });
});
afterAll(async () => {
  await stack.close();
  await upstream.close();
});

/** The gateway's answer in the words of a case. A hold is refused as long as nobody can decide it. */
function verdictOf({ json, decision }: McpResponse): string {
  if (decision === null) return json.error ? "hidden" : "allow";
  if (decision["reason"] === "approval_required") return "hold";
  return String(decision["decision"]);
}

test("there are enough such cases to be worth the name", () => {
  expect(cases.length).toBeGreaterThan(120);
});

test.each(cases.map((one) => [one.name, one] as const))("C20 through the gateway: %s", async (_, one) => {
  upstream.reset();
  const grant = await stack.add({ upstreamUrl: upstream.url, policy: one.policy, tools: [one.tool] });
  const params = `{"name":${JSON.stringify(one.tool)},"arguments":${one.args}}`;
  const answer = await mcpPost(grant, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`);
  expect(upstream.executed).toHaveLength(one.expect === "allow" ? 1 : 0);
  // Arguments whose keys a careless upstream would mix up are refused before their values are judged.
  if (answer.decision?.["reason"] === "folded_key") return;
  expect(verdictOf(answer)).toBe(one.expect);
  if (one.rule && one.expect !== "hidden")
    expect(String(answer.decision?.["rule"])).toContain(one.rule.replaceAll("/", "~1"));
  if (one.message && one.expect === "deny") expect(textOf(answer)).toBe(`[POLICYLAYER POLICY DENIED] ${one.message}`);
});
