import { connectAgent } from "./agent";
import { expect, expectAccessible, keepScreen, signIn, test } from "./fixtures";

test("a bundle is made, a server joins with prefix and policy, and one grant reaches it under the new names", async ({
  page,
  demo,
}) => {
  await signIn(page, demo, "admin");
  await page.getByRole("link", { name: "Bundles", exact: true }).click();
  await page.getByRole("button", { name: "Create bundle" }).first().click();
  const create = page.getByRole("dialog", { name: "Create bundle" });
  await create.getByLabel("Name").fill("Desk");
  await expectAccessible(page);
  await create.getByRole("button", { name: "Create bundle" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Desk" })).toBeVisible();

  await page.getByRole("button", { name: "Add server" }).click();
  const add = page.getByRole("dialog", { name: "Add server" });
  await expect(add.getByLabel("Server")).toBeFocused();
  await add.getByLabel("Server").click();
  await page.getByRole("option").first().click();
  await add.getByLabel("Prefix").fill("Not_allowed");
  await add.getByRole("button", { name: "Add server" }).click();
  await expect(add.getByText("1 to 24 of a-z, 0-9 and -")).toBeVisible();
  await add.getByLabel("Prefix").fill("pay");
  await add.getByLabel("Policy").click();
  await page.getByRole("option", { name: /spending/ }).click();
  await expectAccessible(page);
  await add.getByRole("button", { name: "Add server" }).click();
  await expect(add).toBeHidden();
  await expect(page.getByRole("table", { name: "Servers of this bundle" })).toContainText("pay__");
  await expectAccessible(page);
  await keepScreen(page, "bundle");
  await page.setViewportSize({ width: 320, height: 800 });
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(over).toBeLessThanOrEqual(0);
  await expectAccessible(page);
  await keepScreen(page, "bundle-320");
  await page.setViewportSize({ width: 1440, height: 900 });

  await page.goto(`${demo.consoleUrl}/grants?dialog=mint`);
  const mint = page.getByRole("dialog", { name: "Mint grant" });
  await mint.getByLabel("Label").fill("desk bot");
  await mint.getByLabel("Server").click();
  await page.getByRole("option", { name: "Desk (bundle)" }).click();
  await expect(mint.getByText("Each server of the bundle is judged by its own policy.")).toBeVisible();
  await mint.getByRole("button", { name: "Mint grant" }).click();
  const shown = page.getByRole("dialog", { name: "Token of desk bot" });
  const token = (await shown.getByTestId("grant-token").innerText()).trim();
  const url = /https?:\/\/\S+\/mcp\/s\/[0-9a-f-]{36}/.exec(await shown.innerText())?.[0] ?? "";
  await shown.getByRole("button", { name: "I saved it" }).click();
  const row = page.getByRole("row").filter({ hasText: "desk bot" });
  await expect(row).toContainText("one per server");

  const agent = await connectAgent(url, token);
  const call = { amount: 100, currency: "usd" };
  expect(await agent.call("pay__create_charge", call)).toMatchObject({ isError: false });
  await expect(agent.call("create_charge", call)).rejects.toThrow("Unknown tool: create_charge");

  await page.goto(`${demo.consoleUrl}/bundles`);
  await page.getByRole("link", { name: "Desk" }).click();
  await page.getByRole("button", { name: "Disable…" }).click();
  await page.getByRole("dialog", { name: "Disable Desk?" }).getByRole("button", { name: "Disable" }).click();
  await expect(page.getByText("Enable this bundle")).toBeVisible();
  expect(await agent.call("pay__create_charge", call)).toMatchObject({ isError: true });
  await agent.close();
});

test("a policy manager sets a server's policy in a bundle and nothing else there", async ({ page, demo }) => {
  await signIn(page, demo, "policy_manager");
  await page.goto(`${demo.consoleUrl}/bundles`);
  await expect(page.getByText("Admins change servers.").first()).toBeVisible();
  await page.getByRole("link", { name: "Desk" }).click();
  await page.getByLabel(/^Policy of /).click();
  await page.getByRole("option", { name: "None" }).click();
  await expect(page.getByText("denies everything")).toBeVisible();
  await expect(page.getByRole("button", { name: /^Remove / })).toHaveCount(0);
});
