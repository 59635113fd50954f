import type { Page } from "@playwright/test";
import { openDesktopClient } from "./desktop-client";
import { expect, expectAccessible, keepScreen, test } from "./fixtures";
import type { Demo, DemoUser } from "./product";

async function signInHere(page: Page, demo: Demo, role: DemoUser["role"]): Promise<void> {
  const user = demo.users.find((item) => item.role === role);
  await page.getByLabel("E-mail").fill(user?.email ?? "");
  await page.getByLabel("Password").fill(user?.password ?? "");
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** The page in the dark, at phone width, and without sideways scrolling. */
async function keepForms(page: Page, name: string): Promise<void> {
  await expectAccessible(page);
  await keepScreen(page, `${name}-light`, true);
  await page.emulateMedia({ colorScheme: "dark" });
  await expectAccessible(page);
  await keepScreen(page, `${name}-dark`, true);
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 320, height: 640 });
  await expectAccessible(page);
  await keepScreen(page, `${name}-320`, true);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
  await page.setViewportSize({ width: 1440, height: 900 });
}

test("a desktop client that takes no header connects: refused, discovers, registers, is approved, calls, is disconnected", async ({
  page,
  demo,
}) => {
  const desk = await openDesktopClient(demo.mcpUrl, "Claude Desktop");
  const url = await desk.begin();
  expect(url).toContain(`${demo.consoleUrl}/oauth/authorize?`);

  await page.goto(url);
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await signInHere(page, demo, "admin");
  await expect(page.getByRole("heading", { name: "Connect Claude Desktop?" })).toBeVisible();
  await expect(page.getByText("Described by itself. Nobody has checked this name.")).toBeVisible();
  await expect(page.getByText(/A program on this computer \(127\.0\.0\.1:\d+\)/)).toBeVisible();
  await expect(page.getByLabel("Label")).toHaveValue(/^Claude Desktop \(\w+\)$/);
  await keepForms(page, "connector-consent");

  await page.getByLabel("Grant to hand over").click();
  await expect(page.getByRole("option", { name: /demo agent/ })).toBeVisible();
  await keepScreen(page, "connector-consent-grants");
  await page.getByRole("option", { name: "A new grant, for this client only" }).click();
  await page.getByLabel("Label").fill("Desk of the journey");
  await page.getByLabel("Policy").click();
  await page.getByRole("option", { name: /spending/ }).click();
  await page.getByRole("button", { name: "Approve" }).click();
  await expect(page.getByRole("heading", { name: "Back in the app" })).toBeVisible();
  await desk.finish();
  expect([...(await desk.answer()).keys()].sort()).toEqual(["code", "iss", "state"]);

  const tools = await desk.tools();
  expect(tools).toContain("create_charge");
  expect(tools).not.toContain("delete_customer");
  expect(await desk.call("create_charge", { amount: 100, currency: "usd" })).toMatchObject({ isError: false });
  const over = await desk.call("create_charge", { amount: 60_000, currency: "usd" });
  expect(over).toMatchObject({ isError: true });
  expect(over.text).toContain("[POLICYLAYER POLICY DENIED]");

  await page.goto(`${demo.consoleUrl}/grants`);
  await expect(page.getByRole("row").filter({ hasText: "Desk of the journey" })).toContainText("1 client");
  await page.getByRole("link", { name: "Desk of the journey" }).click();
  await expect(page.getByRole("heading", { name: "Desk of the journey" })).toBeVisible();
  const row = page
    .getByRole("table", { name: "Connected clients" })
    .getByRole("row")
    .filter({ hasText: "Claude Desktop" });
  await expect(row).toBeVisible();
  await keepForms(page, "grant");
  expect(await page.content()).not.toContain(desk.tokens()?.access_token.slice(4, 24));
  await row.getByRole("button", { name: "Disconnect Claude Desktop" }).click();
  const dialog = page.getByRole("dialog", { name: "Disconnect Claude Desktop?" });
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Disconnect" }).click();
  await expect(page.getByText("No client is connected over OAuth.")).toBeVisible();

  await expect(desk.call("create_charge", { amount: 100, currency: "usd" })).rejects.toThrow();
  await desk.close();
});

test("a person who says no is believed, and one who may not approve is told whom to ask", async ({ page, demo }) => {
  const desk = await openDesktopClient(demo.mcpUrl, "Other Desk");
  const url = await desk.begin();
  await page.goto(url);
  await signInHere(page, demo, "viewer");
  await expect(page.getByText(/only admins hand a grant to a client/)).toBeVisible();
  await expect(page.getByRole("button", { name: "Approve" })).toHaveCount(0);
  await keepForms(page, "connector-consent-viewer");
  await page.getByRole("link", { name: "Back to Other Desk" }).click();
  await expect(page.getByRole("heading", { name: "Back in the app" })).toBeVisible();
  const answer = await desk.answer();
  expect([answer.get("error"), answer.get("code"), answer.get("iss")]).toEqual([
    "access_denied",
    null,
    new URL(demo.consoleUrl).origin,
  ]);
  await desk.close();

  const parts = new URL(url);
  parts.searchParams.set("redirect_uri", "https://evil.example/callback");
  await page.goto(parts.href);
  await expect(page.getByRole("heading", { name: "This client wants its answer at another address" })).toBeVisible();
  await expect(page.getByRole("link")).toHaveCount(0);
  await keepForms(page, "connector-refused");
});

test("U5 the page cannot be framed, and a form of another site approves nothing", async ({ page, demo, request }) => {
  const desk = await openDesktopClient(demo.mcpUrl, "Framed Desk");
  const url = await desk.begin();
  await page.goto(url);
  await signInHere(page, demo, "admin");
  await expect(page.getByRole("heading", { name: "Connect Framed Desk?" })).toBeVisible();
  const shown = await page.request.get(url);
  expect(shown.headers()["content-security-policy"]).toContain("frame-ancestors 'none'");
  expect(shown.headers()["x-frame-options"]).toBe("DENY");
  const body = { request: new URL(url).search.slice(1), grant: { kind: "existing", grantId: demo.serverId } };
  const forged = await page.request.post(`${demo.consoleUrl}/api/connectors`, {
    data: body,
    headers: { origin: "https://evil.example" },
  });
  expect(forged.status()).toBe(403);
  const paths = [
    `/.well-known/oauth-protected-resource/mcp/${demo.serverId}`,
    "/.well-known/oauth-authorization-server",
  ];
  for (const path of paths.flatMap((one) => [one, `${one}/`])) {
    const answer = await request.get(`${demo.consoleUrl}${path}`, { maxRedirects: 0 });
    expect([path, answer.status(), answer.headers()["content-type"]]).toEqual([path, 200, "application/json"]);
  }
  await desk.close();
});
