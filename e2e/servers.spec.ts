import { startEverythingServer } from "../lib/testing/journeys/everything-server";
import { expect, expectAccessible, keepScreen, signIn, test } from "./fixtures";

test("an admin adds a server, scans its tools, sets a header, disables and deletes it", async ({ page, demo }) => {
  const everything = await startEverythingServer();
  try {
    await signIn(page, demo, "admin");
    await page.getByRole("link", { name: "Servers", exact: true }).click();
    await page.getByRole("button", { name: "Add server" }).click();
    const dialog = page.getByRole("dialog", { name: "Add server" });
    await dialog.getByRole("button", { name: "Add server" }).click();
    await expect(dialog.getByLabel("Name")).toBeFocused();
    await expect(dialog.getByLabel("Name")).toHaveAttribute("aria-invalid", "true");
    await keepScreen(page, "dialog-add-server-errors");
    await dialog.getByLabel("Name").fill("Everything");
    await dialog.getByLabel("URL").fill(everything.url);
    await dialog.getByLabel("Private network").click();
    await expectAccessible(page);
    await dialog.getByRole("button", { name: "Add server" }).click();

    await expect(page.getByRole("heading", { level: 1, name: "Everything" })).toBeVisible();
    await page.getByRole("button", { name: "Scan tools" }).click();
    await expect(page.getByText(/tools found/)).toBeVisible();
    const tools = page.getByRole("table", { name: "Tools" });
    await expect(tools.getByRole("cell", { name: "echo", exact: true })).toBeVisible();
    await page.getByLabel("Filter tools").fill("no such tool");
    await expect(page.getByText("No tool matches this filter.")).toBeVisible();
    await page.getByRole("button", { name: "Clear filter" }).click();

    await page.getByRole("button", { name: "Set header" }).click();
    const header = page.getByRole("dialog", { name: "Set header" });
    await header.getByLabel("Header").fill("X-Api-Key");
    await header.getByLabel("Value").fill("canary-value-of-a-secret");
    await header.getByRole("button", { name: "Set header" }).click();
    await expect(page.getByRole("main").getByRole("listitem").filter({ hasText: "X-Api-Key" })).toContainText("sealed");
    await page.reload();
    await expect(page.getByRole("main").getByRole("listitem").filter({ hasText: "X-Api-Key" })).toBeVisible();
    expect(await page.content()).not.toContain("canary-value-of-a-secret");
    await page.getByRole("button", { name: "Remove X-Api-Key" }).click();
    await page.getByRole("button", { name: "Remove header" }).click();
    await expect(page.getByText("No header is added.")).toBeVisible();

    await page.getByRole("button", { name: "Disable…" }).click();
    await page.getByRole("button", { name: "Disable", exact: true }).click();
    await expect(page.getByText("Disabled", { exact: true })).toBeVisible();

    await page.getByRole("button", { name: "Delete…" }).click();
    const remove = page.getByRole("dialog", { name: "Delete Everything?" });
    await expect(remove.getByRole("button", { name: "Delete server" })).toBeDisabled();
    await keepScreen(page, "dialog-delete-server");
    await remove.getByLabel(/Type/).fill("Everything");
    await remove.getByRole("button", { name: "Delete server" }).click();
    await page.waitForURL("**/servers");
    await expect(page.getByRole("table", { name: "Servers" })).not.toContainText("Everything");
  } finally {
    await everything.close();
  }
});

test("a server that cannot be reached is told with a code and a request id, and nothing is half-done", async ({
  page,
  demo,
}) => {
  await signIn(page, demo, "admin");
  await page.goto(`${demo.consoleUrl}/servers?dialog=add`);
  const dialog = page.getByRole("dialog", { name: "Add server" });
  await dialog.getByLabel("Name").fill("Nobody there");
  await dialog.getByLabel("URL").fill("http://127.0.0.1:9/mcp");
  await dialog.getByLabel("Private network").click();
  await dialog.getByRole("button", { name: "Add server" }).click();
  await page.getByRole("button", { name: "Scan tools" }).click();
  const alert = page.getByRole("main").getByRole("alert").first();
  await expect(alert).toContainText("The server could not be scanned.");
  await expect(alert).toContainText("scan_failed");
  await expect(alert).toContainText("request");
  await expect(alert.getByRole("button", { name: "Retry" })).toBeVisible();
  await keepScreen(page, "server-scan-failed");
  await expectAccessible(page);
});

test("a local process is not offered while the operator has it switched off, and the form and the API say why", async ({
  page,
  demo,
}) => {
  await signIn(page, demo, "admin");
  await page.goto(`${demo.consoleUrl}/servers?dialog=add`);
  const dialog = page.getByRole("dialog", { name: "Add server" });
  await expect(dialog.getByText("Local processes are switched off")).toBeVisible();
  await dialog.getByLabel("Transport").click();
  await expect(page.getByRole("option")).toHaveText([/^Streamable HTTP/, /^HTTP \+ SSE/]);
  const answer = await page.request.post(`${demo.consoleUrl}/api/servers`, {
    headers: { Origin: demo.consoleUrl },
    data: { name: "Local", transport: "stdio", command: "node", args: ["-e", ""] },
  });
  expect(answer.status()).toBe(400);
  expect(await answer.text()).toContain("Local processes are switched off");
});
