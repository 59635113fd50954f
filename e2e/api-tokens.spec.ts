import { expect, expectAccessible, keepScreen, signIn, test } from "./fixtures";

test("an API token is minted, shown once, used without a browser, then revoked", async ({ page, demo }) => {
  await signIn(page, demo, "policy_manager");
  await page.getByRole("link", { name: "Settings", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: "API tokens" })).toBeVisible();
  await page.getByRole("button", { name: "Mint token" }).first().click();
  const mint = page.getByRole("dialog", { name: "Mint API token" });
  await mint.getByLabel("Name").fill("e2e pipeline");
  await mint.getByLabel("Role").click();
  await expect(page.getByRole("option", { name: "Admin" })).toHaveCount(0);
  await page.getByRole("option", { name: "Policy manager" }).click();
  await expectAccessible(page);
  await mint.getByRole("button", { name: "Mint token" }).click();

  const shown = page.getByRole("dialog", { name: "Token of e2e pipeline" });
  const token = (await shown.getByTestId("api-token").innerText()).trim();
  expect(token).toMatch(/^plt_[0-9A-Za-z]{49}$/);
  await expect(shown).toContainText(`POLICYLAYER_TOKEN=${token} npx policylayer plan policy.yaml --policy NAME`);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await shown.getByRole("button", { name: "Copy token" }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(token);
  await expectAccessible(page);
  await keepScreen(page, "api-token-shown");
  await page.keyboard.press("Escape");
  await expect(shown).toBeVisible();
  await shown.getByRole("button", { name: "I saved it" }).click();
  await expect(shown).toBeHidden();
  const row = page.getByRole("row").filter({ hasText: "e2e pipeline" });
  await expect(row).toContainText("Active");
  await page.reload();
  await expect(row).toContainText("Policy manager");
  expect(await page.content()).not.toContain(token);

  const ask = (method: string, path: string) =>
    fetch(`${demo.consoleUrl}/api/${path}`, { method, headers: { authorization: `Bearer ${token}` } });
  const policies = await ask("GET", "policies");
  expect(policies.status).toBe(200);
  expect(await policies.text()).toContain("spending");
  expect((await ask("POST", "api-tokens/7c0e8d0e-0000-4000-8000-000000000000/revoke")).status).toBe(403);

  await page.getByRole("button", { name: "Revoke e2e pipeline" }).click();
  const revoke = page.getByRole("dialog", { name: "Revoke e2e pipeline?" });
  await expect(revoke).toContainText("loses access now");
  await expectAccessible(page);
  await keepScreen(page, "dialog-revoke-api-token");
  await revoke.getByRole("button", { name: "Revoke token" }).click();
  await expect(row).toContainText("Revoked");
  expect((await ask("GET", "policies")).status).toBe(401);
});

test("a viewer mints for themselves only as a viewer, and does not see the tokens of others", async ({
  page,
  demo,
}) => {
  await signIn(page, demo, "viewer");
  await page.goto(`${demo.consoleUrl}/settings`);
  await expect(page.getByText("No API token yet.")).toBeVisible();
  await expectAccessible(page);
  await page.goto(`${demo.consoleUrl}/settings/api-tokens?dialog=mint`);
  await page.getByRole("dialog").getByLabel("Role").click();
  await expect(page.getByRole("option")).toHaveText(["Viewer"]);
});
