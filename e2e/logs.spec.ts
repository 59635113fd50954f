import { expect, expectAccessible, keepScreen, signIn, test } from "./fixtures";

test("a denied call appears live, is found by filter, and opens with rule, reason and chained record", async ({
  page,
  demo,
  agent,
}) => {
  await signIn(page, demo, "viewer");
  await page.goto(`${demo.consoleUrl}/logs`);
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  const secret = "canary-argument-value";
  await agent.call("create_charge", { amount: 1_000, currency: "xxx", description: secret });
  const table = page.getByRole("table", { name: "Decisions" });
  const newest = table.getByRole("row").nth(1);
  await expect(newest).toContainText("allowed currencies", { timeout: 3_000 });
  await expect(newest).toContainText("Denied");

  await page.getByLabel("Decision", { exact: true }).click();
  await page.getByRole("option", { name: "Denied" }).click();
  await expect(page).toHaveURL(/decision=deny/);
  await page.getByLabel("Tool", { exact: true }).fill("create_charge");
  await expect(page).toHaveURL(/tool=create_charge/);
  await page.reload();
  await expect(newest).toContainText("create_charge");
  await expect(table.getByText("Allowed", { exact: true })).toHaveCount(0);

  await newest.getByRole("link").click();
  const panel = page.getByRole("complementary", { name: "Decision" });
  await expect(panel).toContainText("A condition of the rule was not met.");
  await expect(panel).toContainText("description");
  await expect(panel).toContainText("Nothing was forwarded.");
  await expect(panel.getByText("Raw record").first()).toBeVisible();
  await expectAccessible(page);
  await panel.getByRole("link", { name: "Open as page" }).click();
  await expect(page.getByRole("heading", { level: 1, name: /^Decision #/ })).toBeVisible();
  await page.getByText("Raw record").first().click();
  await expect(page.getByRole("region", { name: /^Raw record/ }).first()).toContainText('"kind": "decision"');
  expect(await page.content()).not.toContain(secret);
  await expectAccessible(page);
  await page.goBack();
  await expect(panel).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(panel).toBeHidden();
});

test("a hidden tool's call is drawn as hidden, and filters without a match say so", async ({ page, demo, agent }) => {
  await expect(agent.call("delete_customer", { id: "cus_ada" })).rejects.toThrow(/Unknown tool/);
  await signIn(page, demo, "viewer");
  await page.goto(`${demo.consoleUrl}/logs?tool=delete_customer`);
  await expect(page.getByRole("row").nth(1)).toContainText("Hidden");
  await page.goto(`${demo.consoleUrl}/logs?tool=no_such_tool`);
  await expect(page.getByText("No decision matches these filters.")).toBeVisible();
  await page.getByRole("button", { name: "Clear filters" }).last().click();
  await expect(page.getByRole("table", { name: "Decisions" })).toBeVisible();
});

test("a log that cannot be read shows code, request id and retry, never an empty list", async ({ page, demo }) => {
  await signIn(page, demo, "viewer");
  await page.goto(`${demo.consoleUrl}/logs`);
  await expect(page.getByRole("table", { name: "Decisions" })).toBeVisible();
  const refusal = {
    error: { code: "internal", title: "The gateway failed", detail: "", status: 500, requestId: "req-1" },
  };
  await page.route("**/api/logs?**", (route) => route.fulfill({ status: 422, json: refusal }));
  await page.getByLabel("Outcome", { exact: true }).click();
  await page.getByRole("option", { name: "Void" }).click();
  const alert = page.getByRole("main").getByRole("alert");
  await expect(alert).toContainText("internal");
  await expect(alert).toContainText("req-1");
  await keepScreen(page, "logs-error");
  await page.unroute("**/api/logs?**");
  await alert.getByRole("button", { name: "Retry" }).click();
  await expect(alert).toBeHidden();
});

test("C3 the tabs of one browser share one stream, and each follows the calls", async ({
  page,
  context,
  demo,
  agent,
}) => {
  let streams = 0;
  context.on("request", (request) => {
    if (request.url().includes("/api/events")) streams += 1;
  });
  await signIn(page, demo, "viewer");
  const tabs = [page, await context.newPage(), await context.newPage()];
  for (const tab of tabs) {
    await tab.goto(`${demo.consoleUrl}/logs?tool=create_refund`);
    await expect(tab.getByText("Live", { exact: true })).toBeVisible();
  }
  const before = streams;
  const rows = (tab: typeof page) => tab.getByRole("link", { name: "create_refund", exact: true });
  const counts = await Promise.all(tabs.map((tab) => rows(tab).count()));
  await agent.call("create_refund", { amount: 1, charge: "ch_none" });
  for (const [index, tab] of tabs.entries()) {
    await expect(rows(tab)).toHaveCount((counts[index] ?? 0) + 1, { timeout: 3_000 });
  }
  expect(streams).toBe(before);
  await tabs[0]?.close();
  for (const tab of tabs.slice(1)) await expect(tab.getByText("Live", { exact: true })).toBeVisible();
  await agent.call("create_refund", { amount: 1, charge: "ch_none" });
  for (const [index, tab] of tabs.slice(1).entries()) {
    await expect(rows(tab)).toHaveCount((counts[index + 1] ?? 0) + 2, { timeout: 5_000 });
  }
});
