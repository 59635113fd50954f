import { expect, expectAccessible, keepScreen, signIn, test, typePolicy, readPolicyText } from "./fixtures";

/** What the log says of a policy: replay of a draft, and coverage. */
test("a draft is replayed over the recorded calls, the sentence first", async ({ page, demo, agent }) => {
  await agent.call("create_charge", { amount: 1_000, currency: "usd" });
  await signIn(page, demo, "policy_manager");
  await page.goto(`${demo.consoleUrl}/policies`);
  await page
    .getByRole("table", { name: "Policies" })
    .getByRole("link", { name: /spending/i })
    .first()
    .click();
  await expect(page.getByTestId("yaml-editor").locator(".view-line").first()).toBeVisible();
  const before = await readPolicyText(page);
  await typePolicy(page, before.replace("hide:\n", "hide:\n  - create_charge\n"));
  await page.keyboard.press("ControlOrMeta+s");
  const dialog = page.getByRole("dialog", { name: /^Publish version/ });
  await dialog.getByRole("button", { name: "7 days" }).click();
  await expect(dialog.getByText(/calls would change: .*allow → hidden/)).toBeVisible();
  await expect(dialog.getByRole("table", { name: "Calls that would change" })).toContainText("create_charge");
  await expectAccessible(page);
  await keepScreen(page, "dialog-publish-replay");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toBeHidden();
});

test("coverage shows what each rule decides, narrows, leads to the log, and is exported", async ({
  page,
  demo,
  agent,
}) => {
  await agent.call("create_charge", { amount: 60_000, currency: "usd" });
  await signIn(page, demo, "viewer");
  await page.goto(`${demo.consoleUrl}/policies`);
  await page
    .getByRole("table", { name: "Policies" })
    .getByRole("link", { name: /spending/i })
    .first()
    .click();
  await page.getByRole("navigation", { name: "Pages of this policy" }).getByRole("link", { name: "Coverage" }).click();
  const map = page.getByRole("table", { name: "Coverage" });
  const row = map.getByRole("row").filter({ hasText: "create_charge" });
  await expect(row).toContainText(/Decides \d+/);
  await expectAccessible(page);

  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export CSV" }).click();
  expect((await saving).suggestedFilename()).toMatch(/coverage\.csv$/);

  await page.getByRole("button", { name: /Falls to default/ }).click();
  await expect(page).toHaveURL(/show=default/);
  await expect(row).toHaveCount(0);
  await page.getByRole("button", { name: /^All/ }).click();
  await row.getByRole("link", { name: "max single charge" }).click();
  await expect(page).toHaveURL(/\/logs\?tool=create_charge/);
  await expect(page.getByRole("table", { name: "Decisions" })).toContainText("max single charge");
});
