import type { Page } from "@playwright/test";
import { expect, expectAccessible, keepScreen, readPolicyText, signIn, test, typePolicy } from "./fixtures";
import type { Demo } from "./product";

/** One policy of its own for these journeys, so that the versions of the demo's stay as others expect them. */
test.describe.configure({ mode: "serial" });

const text = `version: "1"
description: "Journeys"
default: deny
tools:
  pay:
    rules:
      - name: "max amount" # a comment that stays
        conditions:
          - { path: args.amount, op: lte, value: 50000 }
        on_deny: "Too much at once"
      - name: "daily cap"
        limit: { sum: args.amount, max: 100000, window: day }
`;

async function makePolicy(page: Page, demo: Demo, name: string): Promise<string> {
  const answer = await page.request.post(`${demo.consoleUrl}/api/policies`, {
    headers: { origin: demo.consoleUrl },
    data: { name, text },
  });
  expect(answer.status()).toBe(201);
  return ((await answer.json()) as { id: string }).id;
}

async function openEditor(page: Page, demo: Demo, id: string): Promise<void> {
  await page.goto(`${demo.consoleUrl}/policies/${id}`);
  await expect(page.getByTestId("yaml-editor").locator(".view-line").first()).toBeVisible();
}

async function fillSample(page: Page, tool: string, args: string): Promise<void> {
  await page.getByLabel("Tool", { exact: true }).fill(tool);
  await page.getByLabel("Arguments").fill(args);
}

let policyId = "";

test("a sample call is judged by the draft: verdict, exact text, actual values, counters", async ({ page, demo }) => {
  await signIn(page, demo, "policy_manager");
  policyId = await makePolicy(page, demo, "Draft journeys");
  await openEditor(page, demo, policyId);
  await fillSample(page, "pay", '{ "amount": 9007199254740993 }');
  await page.getByRole("button", { name: "Simulate" }).click();
  const answer = page.getByRole("region", { name: "Answer" });
  await expect(answer).toContainText("Denied");
  await expect(answer).toContainText("[POLICYLAYER POLICY DENIED] Too much at once");
  const decides = page.locator("[data-decides]");
  await expect(decides).toContainText("max amount");
  await expect(decides).toContainText("args.amount lte 50000");
  await expect(decides).toContainText("9007199254740993");
  await expect(decides).toContainText("false");
  await expectAccessible(page);
  await keepScreen(page, "policy-simulator-denied");

  await page.getByLabel("Arguments").fill('{ "amount": 50000 }');
  await page.getByLabel("pay.daily cap").fill("60000");
  await expect(answer).toContainText("Rate limited");
  await expect(page.getByRole("region", { name: "Counters" })).toContainText("60000 + 50000 = 110000");

  await page.getByLabel("Arguments").fill('{ "amount": 1, "amount": 2 }');
  await expect(page.getByLabel("Arguments")).toHaveAttribute("aria-invalid", "true");
});

test("a link carries the sample in its fragment, and opening it judges at once", async ({ page, demo }) => {
  await signIn(page, demo, "viewer");
  const sample = encodeURIComponent(JSON.stringify({ tool: "pay", args: "{}" }));
  await page.goto(`${demo.consoleUrl}/policies/${policyId}#sample=${sample}`);
  await expect(page.getByRole("region", { name: "Answer" })).toContainText(
    "Something that a rule looks at is missing.",
  );
  await expect(page.locator("[data-decides]")).toContainText("unknown: absent");
});

test("an answer is saved as a test, which fails when the draft changes, and is published with a reason", async ({
  page,
  demo,
}) => {
  await signIn(page, demo, "policy_manager");
  await openEditor(page, demo, policyId);
  await fillSample(page, "pay", '{ "amount": 60000 }');
  await page.getByRole("button", { name: "Simulate" }).click();
  await page.getByLabel("Keep this answer as a test").fill("sixty thousand is too much");
  await page.getByRole("button", { name: "Save as test" }).click();
  await expect(page.getByText(/Saved as a test at line \d+ of the draft/)).toBeVisible();
  await page.getByRole("tab", { name: "Tests 1" }).click();
  await expect(page.getByRole("tabpanel")).toContainText("sixty thousand is too much");
  await page.keyboard.press("ControlOrMeta+s");
  const dialog = page.getByRole("dialog", { name: "Publish version 2" });
  await expect(dialog.getByRole("region", { name: "Tests" })).toContainText("1 test passes");
  await dialog.getByLabel("Reason").fill("Keep what was tried");
  await dialog.getByRole("button", { name: "Publish v2" }).click();
  await expect(page.getByText("Version 2 is live.", { exact: true })).toBeVisible();
  const saved = await readPolicyText(page);
  expect(saved.startsWith(text.trimEnd())).toBe(true);
  expect(saved).toContain("sixty thousand is too much");

  await typePolicy(page, saved.replace("value: 50000", "value: 70000"));
  await expect(page.getByRole("tab", { name: /1 of 1 fails/ })).toBeVisible();
  await page.keyboard.press("ControlOrMeta+s");
  const failing = page.getByRole("dialog", { name: "Publish version 3" });
  await expect(failing.getByRole("button", { name: "Publish v3" })).toBeDisabled();
  await failing.getByLabel(/Publish with failing tests/).check();
  await failing.getByRole("button", { name: "Publish v3" }).click();
  await expect(failing.getByText("Say why it goes live with failing tests")).toBeVisible();
  await expectAccessible(page);
  await keepScreen(page, "dialog-publish-failing");
  await failing.getByRole("textbox", { name: "Reason" }).fill("The test is mended tomorrow");
  await failing.getByRole("button", { name: "Publish v3" }).click();
  await expect(page.getByText("Version 3 is live.", { exact: true })).toBeVisible();
});

test("a draft survives a walk through the policy's pages", async ({ page, demo }) => {
  await signIn(page, demo, "policy_manager");
  await openEditor(page, demo, policyId);
  const before = await readPolicyText(page);
  await typePolicy(page, `${before}\n# typed before the walk\n`);
  await expect(page.getByText("Changes not published")).toBeVisible();
  const pages = page.getByRole("navigation", { name: "Pages of this policy" });
  await pages.getByRole("link", { name: "Versions" }).click();
  await expect(page.getByRole("table", { name: "Versions" })).toContainText("1 of 1 test failed");
  await pages.getByRole("link", { name: "Coverage" }).click();
  await expect(page.getByRole("table", { name: "Rules" })).toBeVisible();
  await pages.getByRole("link", { name: "Editor" }).click();
  await expect(page.getByText("Changes not published")).toBeVisible();
  page.once("dialog", (dialog) => void dialog.dismiss());
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Logs" }).click();
  await expect(page.getByText("Changes not published")).toBeVisible();
});

test("a broken draft is simulated by its last text without errors, and says so", async ({ page, demo }) => {
  await signIn(page, demo, "policy_manager");
  await openEditor(page, demo, policyId);
  await fillSample(page, "pay", '{ "amount": 80000 }');
  await page.getByRole("button", { name: "Simulate" }).click();
  await typePolicy(page, "version: 1");
  await expect(page.getByText("What you see is judged by its last text without errors.")).toBeVisible();
  await expect(page.getByRole("region", { name: "Answer" })).toContainText("Denied");
  await expect(page.getByRole("button", { name: "Save as test" })).toBeDisabled();
});
