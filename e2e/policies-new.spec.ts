import type { Page } from "@playwright/test";
import { expect, expectAccessible, keepScreen, readPolicyText, signIn, test } from "./fixtures";
import type { Demo } from "./product";

async function openNewPolicy(page: Page, demo: Demo, query = ""): Promise<void> {
  await page.goto(`${demo.consoleUrl}/policies/new${query}`);
  await expect(page.getByTestId("yaml-editor").locator(".view-line").first()).toBeVisible();
}

async function publishAs(page: Page, name: string): Promise<string> {
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("button", { name: "Publish version 1" }).click();
  await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
  return readPolicyText(page);
}

test("a template asks for its values, fills them into the text and its tests, and goes live only when published", async ({
  page,
  demo,
}) => {
  await signIn(page, demo, "policy_manager");
  await openNewPolicy(page, demo);
  await page.getByRole("radio", { name: /^Daily spend cap per currency/ }).check();
  const cap = page.getByLabel("Cap a day");
  await expect(cap).toHaveValue("1000000");
  await cap.fill("a lot");
  await expect(page.getByText("Wanted: a whole number from 1 to 1000000000000")).toBeVisible();
  await cap.fill("2500000");
  await page.getByLabel("Tool", { exact: true }).fill("create_payout");
  await expect(page.getByText("create_payout spends at most 2,500,000 a day in each currency.")).toBeVisible();
  await expect(page.getByRole("region", { name: "Tests" })).toContainText("10 tests pass");
  await expectAccessible(page);
  await keepScreen(page, "policy-new-template");

  await page.getByLabel("Name", { exact: true }).fill("Payout cap");
  await cap.press("Enter");
  await expect(page).toHaveURL(/\/policies\/new$/);
  const text = await publishAs(page, "Payout cap");
  expect(text).toContain("max: 2500000\n");
  expect(text).toContain("  create_payout:\n");
  expect(text).not.toContain("create_charge");
  expect(text).not.toContain("# =");
});

test("a value that is changed after the text was edited asks before the edits go", async ({ page, demo }) => {
  await signIn(page, demo, "policy_manager");
  await openNewPolicy(page, demo);
  await page.getByRole("radio", { name: /^Read only/ }).check();
  await page.getByTestId("yaml-editor").locator(".view-lines").click();
  await page.keyboard.press("ControlOrMeta+End");
  await page.keyboard.type("# by hand");
  await page.getByRole("textbox", { name: "Calls a minute" }).fill("7");
  const again = page.getByRole("button", { name: "Start again with these values" });
  page.once("dialog", (dialog) => void dialog.dismiss());
  await again.click();
  await expect(again).toBeVisible();
  page.once("dialog", (dialog) => void dialog.accept());
  await again.click();
  await expect(again).toBeHidden();
  const text = await publishAs(page, "Read only, seven");
  expect(text).toContain("rate_limit: 7/minute\n");
  expect(text).not.toContain("# by hand");
});

test("a server's tools become a first text, and nothing is stored by writing it", async ({ page, demo }) => {
  await signIn(page, demo, "policy_manager");
  await openNewPolicy(page, demo);
  const before = await page.request.get(`${demo.consoleUrl}/api/policies`);
  await page.getByRole("tab", { name: "Server's tools" }).click();
  await page.getByRole("radio", { name: /^Safe start/ }).check();
  await page.getByRole("button", { name: "Write the text" }).click();
  await expect(page.getByText(/^Safe start from /)).toBeVisible();
  await expect(page.getByRole("region", { name: "Problems" })).not.toContainText("error");
  await expectAccessible(page);
  await keepScreen(page, "policy-new-server");
  const after = await page.request.get(`${demo.consoleUrl}/api/policies`);
  expect(await after.json()).toEqual(await before.json());
  expect(await publishAs(page, "Safe start")).toContain("create_charge:");
});

test("hosted JSON is imported with notes, and a text that is neither says what is wrong", async ({ page, demo }) => {
  await signIn(page, demo, "policy_manager");
  await openNewPolicy(page, demo);
  await page.getByRole("tab", { name: "Import" }).click();
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await expect(page.getByText("Nothing to import yet: paste a text or choose a file.")).toBeVisible();
  const hosted = {
    default: "deny",
    hide: ["delete_customer"],
    tools: { create_charge: { require: [{ path: "args.amount", op: "lte", value: 50000, on_deny: "Too much" }] } },
  };
  await page.getByLabel("Text to import").fill(JSON.stringify(hosted));
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await expect(page.getByText("Imported.", { exact: true })).toBeVisible();
  await expectAccessible(page);
  await keepScreen(page, "policy-new-import");
  expect(await publishAs(page, "Imported")).toContain("on_deny: Too much");
});

test("a policy is copied under a name of its own", async ({ page, demo }) => {
  await signIn(page, demo, "policy_manager");
  const listed = await page.request.get(`${demo.consoleUrl}/api/policies`);
  const [source] = (await listed.json()) as { id: string; name: string }[];
  const original = await page.request.get(`${demo.consoleUrl}/api/policies/${source?.id ?? ""}`);
  await openNewPolicy(page, demo, `?from=${source?.id ?? ""}`);
  await expect(page.getByText(`Copy of ${source?.name ?? ""}.`)).toBeVisible();
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue(`${source?.name ?? ""} (copy)`);
  const text = await publishAs(page, "A copy");
  expect(text).toBe(((await original.json()) as { text: string }).text);
});

test("a viewer looks at the templates and cannot publish", async ({ page, demo }) => {
  await signIn(page, demo, "viewer");
  await openNewPolicy(page, demo);
  await expect(page.getByRole("radio", { name: /^Payments starter/ })).toBeDisabled();
  await expect(page.getByRole("button", { name: "Publish version 1" })).toHaveAttribute("aria-disabled", "true");
  await expectAccessible(page);
});

test("the page fits a width of 320 pixels", async ({ page, demo }) => {
  await signIn(page, demo, "policy_manager");
  await page.setViewportSize({ width: 320, height: 640 });
  await page.goto(`${demo.consoleUrl}/policies/new`);
  await page.getByRole("radio", { name: /^GitHub/ }).check();
  await expect(page.getByLabel("Protected branches")).toBeVisible();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  expect(wide).toBe(false);
  await expectAccessible(page);
  await keepScreen(page, "policy-new-narrow", true);
});
