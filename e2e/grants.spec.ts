import { connectAgent } from "./agent";
import { expect, expectAccessible, keepScreen, signIn, test } from "./fixtures";

test("a grant is minted, its token shown once and used, then revoked", async ({ page, demo }) => {
  await signIn(page, demo, "admin");
  await page.getByRole("link", { name: "Grants", exact: true }).click();
  await page.getByRole("button", { name: "Mint grant" }).click();
  const mint = page.getByRole("dialog", { name: "Mint grant" });
  await mint.getByLabel("Label").fill("e2e bot");
  await mint.getByLabel("Server").click();
  await page.getByRole("option").filter({ hasNotText: "Nobody" }).first().click();
  await mint.getByLabel("Policy").click();
  await page.getByRole("option", { name: "None yet" }).click();
  await expect(mint.getByText("Without a policy this grant denies everything.")).toBeVisible();
  await mint.getByLabel("Policy").click();
  await page.getByRole("option", { name: /spending/ }).click();
  await mint.getByLabel("Tags").fill("e2e, test");
  await expectAccessible(page);
  await mint.getByRole("button", { name: "Mint grant" }).click();

  const shown = page.getByRole("dialog", { name: "Token of e2e bot" });
  const token = (await shown.getByTestId("grant-token").innerText()).trim();
  expect(token).toMatch(/^plg_[0-9A-Za-z]{49}$/);
  for (const client of ["Claude Code", "Cursor", "VS Code", "Codex", "Other"]) {
    await shown.getByRole("tab", { name: client }).click();
    await expect(shown.getByRole("tabpanel")).toContainText("/mcp/");
    await keepScreen(page, `token-${client.toLowerCase().replace(" ", "-")}`);
  }
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await expect(shown).toBeVisible();
  await shown.getByRole("button", { name: "I saved it" }).click();
  await expect(shown).toBeHidden();
  const row = page.getByRole("row").filter({ hasText: "e2e bot" });
  await expect(row).toContainText("Active");

  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href]));
  expect(`${await page.content()} ${kept}`).not.toContain(token);
  await page.reload();
  await expect(row).toContainText("Active");
  expect(await page.content()).not.toContain(token);

  const agent = await connectAgent(demo.mcpUrl, token);
  expect(await agent.call("create_charge", { amount: 100, currency: "usd" })).toMatchObject({ isError: false });

  await page.getByRole("button", { name: "Revoke e2e bot" }).click();
  const revoke = page.getByRole("dialog", { name: "Revoke e2e bot?" });
  await expect(revoke).toContainText("loses access");
  await expectAccessible(page);
  await keepScreen(page, "dialog-revoke");
  await revoke.getByRole("button", { name: "Revoke grant" }).click();
  await expect(row).toContainText("Revoked");
  await expect(agent.call("create_charge", { amount: 100, currency: "usd" })).rejects.toThrow();
  await agent.close();
});

test("a policy manager detaches and attaches a policy, and the agent's next call is judged so", async ({
  page,
  demo,
  agent,
}) => {
  await signIn(page, demo, "policy_manager");
  await page.goto(`${demo.consoleUrl}/grants`);
  await expect(page.getByRole("button", { name: "Mint grant" })).toHaveAttribute("aria-disabled", "true");
  const change = async (policy: RegExp | string) => {
    await page.getByRole("button", { name: "Policy of demo agent" }).click();
    const dialog = page.getByRole("dialog", { name: "Policy of demo agent" });
    await dialog.getByLabel("Policy").click();
    await page.getByRole("option", { name: policy }).click();
    await dialog.getByRole("button", { name: "Save" }).click();
    await expect(dialog).toBeHidden();
  };
  await change("None");
  await expect(page.getByRole("row").filter({ hasText: "demo agent" })).toContainText("none: denies everything");
  expect(await agent.call("create_charge", { amount: 100, currency: "usd" })).toEqual({
    isError: true,
    text: "[POLICYLAYER POLICY DENIED] No policy is attached to this grant",
  });
  await change(/spending/);
  await expect(page.getByRole("row").filter({ hasText: "demo agent" })).not.toContainText("denies everything");
  expect(await agent.call("create_charge", { amount: 100, currency: "usd" })).toMatchObject({ isError: false });
});

test("grants are filtered by text and state in the URL", async ({ page, demo }) => {
  await signIn(page, demo, "viewer");
  await page.goto(`${demo.consoleUrl}/grants?q=nothing-like-this`);
  await expect(page.getByText("No grant matches these filters.")).toBeVisible();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await expect(page.getByRole("table", { name: "Grants" })).toBeVisible();
  await expect(page.getByRole("button", { name: /^Revoke/ })).toHaveCount(0);
  await page.getByLabel("State").click();
  await page.getByRole("option", { name: "Active" }).click();
  await expect(page).toHaveURL(/state=active/);
});
