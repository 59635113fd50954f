import type { Page } from "@playwright/test";
import { expect, expectAccessible, keepScreen, signIn, test } from "./fixtures";
import type { Agent } from "./agent";
import type { Demo } from "./product";
import { setScene, type Scene } from "./scene";
import { listScenePages, type Shown } from "./scene-pages";

/** Every page in each form: light, dark and 320 px; accessible, without sideways scrolling, and kept as a picture. */
const forms = [
  { name: "light", scheme: "light", width: 1440, height: 900 },
  { name: "dark", scheme: "dark", width: 1440, height: 900 },
  { name: "320", scheme: "light", width: 320, height: 640 },
] as const;

async function makeTraffic(agent: Agent): Promise<void> {
  await agent.call("create_charge", { amount: 42_000, currency: "usd" });
  await agent.call("create_charge", { amount: 1_500, currency: "eur" });
  await agent.call("create_charge", { amount: 60_000, currency: "usd" });
  await agent.call("create_charge", { amount: 100, currency: "gbp" });
  await agent.call("list_customers", {});
  await agent.call("delete_customer", { id: "cus_ada" }).catch(() => undefined);
}

/** A sample call in the fragment, as "Copy link" writes it. */
const sample = { tool: "create_charge", args: '{ "amount": 60000, "currency": "usd" }' };
const denied60k = `#sample=${encodeURIComponent(JSON.stringify(sample))}`;

/** The pages that the demo alone fills. */
async function listPages(page: Page, demo: Demo): Promise<Shown[]> {
  const first = async (path: string) => {
    const answer = await page.request.get(`${demo.consoleUrl}/api/${path}`);
    return (await answer.json()) as { id: string; name?: string }[];
  };
  const log = await page.request.get(`${demo.consoleUrl}/api/logs?limit=20`);
  const { rows } = (await log.json()) as { rows: { decisionId: string; decision: string; outcome: string | null }[] };
  const denied = rows.find((row) => row.decision === "deny")?.decisionId ?? "";
  const posted = rows.find((row) => row.outcome === "posted")?.decisionId ?? "";
  const policyId = (await first("policies")).find((policy) => policy.name?.includes("spending"))?.id ?? "";
  return [
    { name: "overview", path: "/overview", ready: "text=Figures as a table" },
    { name: "logs", path: "/logs", ready: "table" },
    { name: "logs-peek", path: `/logs?open=${posted}`, ready: "table" },
    { name: "logs-none", path: "/logs?tool=no_such_tool", ready: "text=No decision matches" },
    { name: "decision-denied", path: `/logs/${denied}`, ready: "text=Chained records" },
    { name: "policies", path: "/policies", ready: "table" },
    { name: "policy", path: `/policies/${policyId}`, ready: ".view-line, textarea" },
    { name: "policy-simulated", path: `/policies/${policyId}?panel=simulate${denied60k}`, ready: "[data-decides]" },
    { name: "policy-tests", path: `/policies/${policyId}?panel=tests`, ready: "text=A failing test keeps" },
    { name: "policy-coverage", path: `/policies/${policyId}/coverage`, ready: "table" },
    { name: "policy-versions", path: `/policies/${policyId}/versions`, ready: "table" },
    { name: "policy-version", path: `/policies/${policyId}?version=1`, ready: ".monaco-diff-editor, pre" },
    { name: "policy-new", path: "/policies/new", ready: ".view-line, textarea" },
    { name: "servers", path: "/servers", ready: "table" },
    { name: "server-add", path: "/servers?dialog=add", ready: "[role=dialog]" },
    { name: "server", path: `/servers/${demo.serverId}`, ready: "table" },
    { name: "bundles", path: "/bundles", ready: "h1" },
    { name: "bundle-create", path: "/bundles?dialog=create", ready: "[role=dialog]" },
    { name: "grants", path: "/grants", ready: "table" },
    { name: "grant-mint", path: "/grants?dialog=mint", ready: "[role=dialog]" },
    { name: "api-tokens", path: "/settings/api-tokens", ready: "h1" },
    { name: "api-token-mint", path: "/settings/api-tokens?dialog=mint", ready: "[role=dialog]" },
    { name: "not-found", path: "/servers/none", ready: "h1" },
  ];
}

async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(over).toBeLessThanOrEqual(0);
}

let scene: Scene;
test.beforeAll(async ({ demo }) => {
  scene = await setScene(demo);
});
test.afterAll(() => scene.close());

for (const form of forms) {
  test(`every page is accessible and whole: ${form.name}`, async ({ page, demo, agent }) => {
    test.setTimeout(240_000);
    await makeTraffic(agent);
    await page.emulateMedia({ colorScheme: form.scheme });
    await page.goto(`${demo.consoleUrl}/login`);
    await expectAccessible(page);
    await keepScreen(page, `login-${form.name}`);
    await signIn(page, demo, "admin");
    await page.setViewportSize({ width: form.width, height: form.height });
    for (const { name, path, ready, act } of [...(await listPages(page, demo)), ...listScenePages(scene)]) {
      await test.step(name, async () => {
        await page.goto(`${demo.consoleUrl}${path}`);
        await page.locator(ready).first().waitFor();
        await act?.(page);
        await expect(page.getByText("Connecting…")).toHaveCount(0);
        await expect(page.getByRole("status", { name: /Loading/ })).toHaveCount(0);
        await expect(page.getByText("Checking…")).toHaveCount(0);
        await keepScreen(page, `${name}-${form.name}`, form.width === 320);
        await expectNoSidewaysScroll(page);
        await expectAccessible(page);
      });
    }
  });
}

test("a viewer sees every page, with the reason beside what the role may not do", async ({ page, demo }) => {
  await signIn(page, demo, "viewer");
  for (const [path, action, reason] of [
    ["/servers", "Add server", "Admins change servers."],
    [`/servers/${demo.serverId}`, "Scan tools", "Policy managers and admins scan servers."],
    ["/policies", "New policy", "Policy managers and admins publish policies."],
    ["/grants", "Mint grant", "Admins mint and revoke grants."],
  ] as const) {
    await page.goto(`${demo.consoleUrl}${path}`);
    await expect(page.getByRole("button", { name: action })).toHaveAttribute("aria-disabled", "true");
    await expect(page.getByText(reason).first()).toBeVisible();
    await expectAccessible(page);
    await keepScreen(page, `viewer-${path.slice(1).split("/")[0] ?? ""}`);
  }
  await page.goto(`${demo.consoleUrl}/servers?dialog=add`);
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("under 1024 px the places are in a drawer that opens and closes by keyboard", async ({ page, demo }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await signIn(page, demo, "viewer");
  const button = page.getByRole("button", { name: "Menu" });
  await button.focus();
  await page.keyboard.press("Enter");
  const drawer = page.getByRole("dialog", { name: "Menu" });
  await expect(drawer.getByRole("link", { name: "Grants" })).toBeVisible();
  await expectAccessible(page);
  await keepScreen(page, "drawer-320");
  await page.keyboard.press("Escape");
  await expect(drawer).toBeHidden();
  await expect(button).toBeFocused();
  await button.click();
  await drawer.getByRole("link", { name: "Grants" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Grants" })).toBeVisible();
  await expect(drawer).toBeHidden();
});
