import type { Page } from "@playwright/test";
import { expect, expectAccessible, keepScreen, readPolicyText, signIn, test, typePolicy } from "./fixtures";
import type { Demo } from "./product";

/** Each journey goes on from the version that the one before has published. */
test.describe.configure({ mode: "serial" });

async function openDemoPolicy(page: Page, demo: Demo): Promise<void> {
  await page.goto(`${demo.consoleUrl}/policies`);
  await page.getByRole("link", { name: "Stripe MCP server spending controls" }).click();
  await page.waitForURL(/\/policies\/[0-9a-f-]{36}/);
  await expect(page.getByTestId("yaml-editor").locator(".view-line").first()).toBeVisible();
}

async function publish(page: Page, reason: string): Promise<void> {
  await page.keyboard.press("ControlOrMeta+s");
  const dialog = page.getByRole("dialog", { name: /^Publish version/ });
  await dialog.getByLabel("Reason").fill(reason);
  await dialog.getByRole("button", { name: /^Publish v/ }).click();
  await expect(dialog).toBeHidden();
}

test("a policy edited in the browser governs the agent's next call, which is seen live in the log", async ({
  page,
  context,
  demo,
  agent,
}) => {
  const capText = "Single charge cannot exceed $500.00";
  expect(await agent.call("create_charge", { amount: 49_999, currency: "usd" })).toMatchObject({ isError: false });
  await signIn(page, demo, "policy_manager");
  await openDemoPolicy(page, demo);
  const log = await context.newPage();
  await log.goto(`${demo.consoleUrl}/logs`);
  await expect(log.getByText("Live", { exact: true })).toBeVisible();

  const before = await readPolicyText(page);
  await typePolicy(page, before.replace("value: 50000\n", "value: 7000\n").replace(capText, "No more than 70 dollars"));
  await expect(page.getByText("Changes not published")).toBeVisible();
  await publish(page, "Lower the cap");
  await expect(page.getByText("Version 2 is live.", { exact: true })).toBeVisible();

  expect(await agent.call("create_charge", { amount: 7_001, currency: "usd" })).toEqual({
    isError: true,
    text: "[POLICYLAYER POLICY DENIED] No more than 70 dollars",
  });
  const row = log.getByRole("table", { name: "Decisions" }).getByRole("row").nth(1);
  await expect(row).toContainText("Denied", { timeout: 3_000 });
  await expect(row).toContainText("max single charge");
  expect(await agent.call("create_charge", { amount: 7_000, currency: "usd" })).toMatchObject({ isError: false });
  await expect(row).toContainText("Posted", { timeout: 3_000 });

  const upstream = await page.request.get(new URL("/ledger", demo.upstreamUrl).href);
  const executed = await upstream.text();
  expect(executed).toContain("7000");
  expect(executed).not.toContain("7001");
});

test("an earlier version is looked at, compared and restored", async ({ page, demo, agent }) => {
  await signIn(page, demo, "admin");
  await openDemoPolicy(page, demo);
  await page.getByRole("navigation", { name: "Pages of this policy" }).getByRole("link", { name: "Versions" }).click();
  await page.getByRole("link", { name: "Version 1", exact: true }).click();
  await expect(page.locator(".monaco-diff-editor .line-insert").first()).toBeVisible();
  await expect(page.getByText("From version 1 to version 2:")).toBeVisible();
  await expectAccessible(page);
  await keepScreen(page, "policy-compare");
  await page.getByRole("tab", { name: "Text" }).click();
  await expect(page.getByRole("region", { name: "Text of version 1" })).toContainText("value: 50000");
  await page.getByRole("button", { name: "Restore…" }).click();
  const publishing = page.getByRole("dialog", { name: "Publish version 3" });
  await expect(publishing.getByLabel("Reason")).toHaveValue("Restore version 1");
  await publishing.getByRole("button", { name: "Publish v3" }).click();
  await expect(page.getByText("Version 3 is live.", { exact: true })).toBeVisible();
  expect(await agent.call("create_charge", { amount: 7_001, currency: "usd" })).toMatchObject({ isError: false });
});

test("an invalid text shows its problems at their lines and is not published", async ({ page, demo, agent }) => {
  await signIn(page, demo, "admin");
  await openDemoPolicy(page, demo);
  const before = await readPolicyText(page);
  const line = before.split("\n").findIndex((text) => text.includes('op: "lte"')) + 1;
  await typePolicy(page, before.replace('op: "lte"', 'op: "lower"'));
  const problem = page.getByRole("region", { name: "Problems" }).getByRole("button").first();
  await expect(problem).toContainText(`Line ${String(line)}:`);
  await problem.click();
  await expect(page.getByTestId("yaml-editor").locator(".squiggly-error").first()).toBeVisible();
  await keepScreen(page, "policy-invalid");
  await page.keyboard.press("ControlOrMeta+s");
  const dialog = page.getByRole("dialog", { name: /^Publish version/ });
  await expect(dialog.getByRole("alert")).toContainText("1 error");
  await expect(dialog.getByRole("button", { name: /^Publish v/ })).toBeDisabled();
  await expectAccessible(page);
  await keepScreen(page, "dialog-publish-invalid");
  await dialog.getByRole("button", { name: "Cancel" }).click();

  const answer = await page.request.post(`${demo.consoleUrl}/api${new URL(page.url()).pathname}/publish`, {
    headers: { origin: demo.consoleUrl },
    data: { baseVersion: 3, text: before.replace('op: "lte"', 'op: "lower"') },
  });
  expect(answer.status()).toBe(422);
  expect(await answer.json()).toMatchObject({ error: { code: "policy_invalid", issues: [{ line }] } });
  expect(await readPolicyText(page)).toBe(before);
  expect(await agent.call("create_charge", { amount: 60_000, currency: "usd" })).toMatchObject({ isError: true });
});

test("N6 two people publish: the second sees both texts and chooses, nothing is lost", async ({
  page,
  browser,
  demo,
}) => {
  await signIn(page, demo, "admin");
  await openDemoPolicy(page, demo);
  const other = await (await browser.newContext()).newPage();
  await signIn(other, demo, "policy_manager");
  await openDemoPolicy(other, demo);
  const before = await readPolicyText(page);
  await typePolicy(page, `${before}\n# mine\n`);
  await typePolicy(other, `${before}\n# theirs\n`);
  await publish(other, "Theirs");
  await expect(other.getByText("Version 4 is live.", { exact: true })).toBeVisible();

  await expect(page.getByRole("button", { name: "v4 was published meanwhile" })).toBeVisible();
  await publish(page, "Mine");
  const conflict = page.getByRole("dialog", { name: "Someone else published first" });
  await expect(conflict).toBeVisible();
  await expect(conflict.locator(".monaco-diff-editor .line-insert").first()).toBeVisible();
  await keepScreen(page, "dialog-conflict");
  await expectAccessible(page);
  await conflict.getByRole("button", { name: "Keep editing" }).click();
  await expect(page.getByText("Changes not published")).toBeVisible();
  await page.getByRole("button", { name: "v4 was published meanwhile" }).click();
  await conflict.getByRole("button", { name: "Publish mine over v4" }).click();
  await expect(page.getByText("Version 5 is live.", { exact: true })).toBeVisible();
  expect(await readPolicyText(page)).toContain("# mine");
  await other.context().close();
});

test("a viewer reads the policy and cannot publish, in the page and at the API", async ({ page, demo }) => {
  await signIn(page, demo, "viewer");
  await openDemoPolicy(page, demo);
  const button = page.getByRole("button", { name: "Publish…" });
  await expect(button).toHaveAttribute("aria-disabled", "true");
  await expect(page.getByText("Policy managers and admins publish policies.")).toBeVisible();
  const before = await readPolicyText(page);
  await page.getByTestId("yaml-editor").locator(".view-lines").click();
  await page.keyboard.type("x");
  await page.keyboard.press("ControlOrMeta+s");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  const answer = await page.request.post(`${demo.consoleUrl}/api${new URL(page.url()).pathname}/publish`, {
    headers: { origin: demo.consoleUrl },
    data: { baseVersion: 5, text: before },
  });
  expect(answer.status()).toBe(403);
  expect(await readPolicyText(page)).toBe(before);
});

test("a new policy starts from a template and goes live as version 1", async ({ page, demo }) => {
  await signIn(page, demo, "policy_manager");
  await page.goto(`${demo.consoleUrl}/policies`);
  await page.getByRole("link", { name: "New policy" }).click();
  await expect(page.getByTestId("yaml-editor").locator(".view-line").first()).toBeVisible();
  await page.getByRole("radio", { name: /Read only/ }).check();
  await page.getByRole("button", { name: "Publish version 1" }).click();
  await expect(page.getByLabel("Name")).toBeFocused();
  await page.getByLabel("Name").fill("Read only");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Publish version 1" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Read only" })).toBeVisible();
  await expect(page.getByText("Version 1 is live.", { exact: true })).toBeVisible();
  expect(await readPolicyText(page)).toContain('"list_*"');
});

test("C5 the session ends while a policy is edited: sign in on top of the page, the draft is still there", async ({
  page,
  context,
  demo,
}) => {
  await signIn(page, demo, "policy_manager");
  await openDemoPolicy(page, demo);
  const before = await readPolicyText(page);
  await typePolicy(page, `${before}\n# typed before the session ended\n`);
  await context.clearCookies();
  await page.keyboard.press("ControlOrMeta+s");
  const publishing = page.getByRole("dialog", { name: /^Publish version/ });
  await publishing.getByRole("button", { name: /^Publish v/ }).click();
  const again = page.getByRole("dialog", { name: "Your session ended" });
  await again.getByLabel("Password").fill(demo.users.find((user) => user.role === "policy_manager")?.password ?? "");
  await keepScreen(page, "dialog-session-ended");
  await again.getByRole("button", { name: "Sign in" }).click();
  await expect(again).toBeHidden();
  await publishing.getByRole("button", { name: /^Publish v/ }).click();
  await expect(publishing).toBeHidden();
  expect(await readPolicyText(page)).toContain("# typed before the session ended");
});
