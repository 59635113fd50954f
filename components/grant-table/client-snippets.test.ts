import { expect, test } from "vitest";
import { clientGuides, connectionName } from "./client-snippets";

const token = `plg_${"a".repeat(49)}`;
const guides = clientGuides({ name: "payments", mcpUrl: "http://localhost:3000/mcp/1234", token });
const guide = (client: string) => guides.find((item) => item.client === client);

test("no deep link holds the token, plain or encoded", () => {
  const links = guides.flatMap((item) => (item.deepLink ? [item.deepLink.href] : []));
  expect(links).toHaveLength(2);
  for (const link of links) {
    const config = new URL(link).searchParams.get("config");
    expect(`${link} ${decodeURIComponent(link)} ${config ? atob(config) : ""}`).not.toContain("plg_");
  }
});

test("Cursor's deep link decodes to the server's URL and reads the token from the environment", () => {
  const config = new URL(guide("cursor")?.deepLink?.href ?? "").searchParams.get("config") ?? "";
  expect(JSON.parse(atob(config))).toEqual({
    url: "http://localhost:3000/mcp/1234",
    headers: { Authorization: "Bearer ${env:POLICYLAYER_TOKEN}" },
  });
});

test("the JSON snippets parse and hold what the client expects", () => {
  expect(JSON.parse(guide("cursor")?.snippets[0]?.text ?? "")).toEqual({
    mcpServers: {
      payments: { url: "http://localhost:3000/mcp/1234", headers: { Authorization: `Bearer ${token}` } },
    },
  });
  const code = JSON.parse(guide("vscode")?.snippets[0]?.text ?? "") as { servers: Record<string, { type: string }> };
  expect(code.servers.payments?.type).toBe("http");
  expect(guide("vscode")?.snippets[0]?.text).not.toContain("plg_");
});

test("Claude Code's command carries URL and bearer header", () => {
  expect(guide("claude-code")?.snippets[0]?.text).toBe(
    `claude mcp add --transport http payments http://localhost:3000/mcp/1234 --header "Authorization: Bearer ${token}"`,
  );
});

test("a connection name survives any server name", () => {
  expect(connectionName("Stripe (live)")).toBe("stripe-live");
  expect(connectionName('"; rm -rf /')).toBe("rm-rf");
  expect(connectionName("支付")).toBe("policylayer");
});
