import type { Page } from "@playwright/test";
import { startIssuer, type IssuerFake } from "../lib/testing/authorization-server";
import { startProtectedUpstream, type ProtectedUpstream } from "../lib/testing/protected-upstream";
import { expect, expectAccessible, keepScreen, signIn, test } from "./fixtures";

interface Scene {
  issuer: IssuerFake;
  upstream: ProtectedUpstream;
}

/** An authorisation server and an MCP server that takes only its tokens. */
async function withScene(work: (scene: Scene) => Promise<void>): Promise<void> {
  const issuer = await startIssuer();
  const upstream = await startProtectedUpstream(issuer, { scope: "tools:read tools:call" });
  try {
    await work({ issuer, upstream });
  } finally {
    await Promise.all([issuer.close(), upstream.close()]);
  }
}

async function addServer(page: Page, name: string, url: string): Promise<void> {
  await page.getByRole("link", { name: "Servers", exact: true }).click();
  await page.getByRole("button", { name: "Add server" }).click();
  const dialog = page.getByRole("dialog", { name: "Add server" });
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByLabel("URL").fill(url);
  await dialog.getByLabel("Private network").click();
  await dialog.getByRole("button", { name: "Add server" }).click();
  await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
}

async function openPlan(page: Page): Promise<void> {
  await page.getByLabel("Calls carry").click();
  await page.getByRole("option", { name: /^OAuth/ }).click();
  await page.waitForURL("**/connect");
}

/** The page in the dark and at phone width, without sideways scrolling. */
async function keepForms(page: Page, name: string): Promise<void> {
  await expectAccessible(page);
  await keepScreen(page, `${name}-light`, true);
  await page.emulateMedia({ colorScheme: "dark" });
  await expectAccessible(page);
  await keepScreen(page, `${name}-dark`, true);
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 320, height: 640 });
  await keepScreen(page, `${name}-320`, true);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
  await page.setViewportSize({ width: 1440, height: 900 });
}

test("an admin signs in at a server over OAuth: confirms, is sent away, comes back connected, and disconnects", async ({
  page,
  demo,
}) => {
  await withScene(async ({ issuer, upstream }) => {
    await signIn(page, demo, "admin");
    await addServer(page, "Protected", upstream.url);
    await expect(page.getByText("the server asks for a credential")).toBeVisible();
    await openPlan(page);
    await expect(page.getByRole("heading", { name: "Sign in at Protected" })).toBeVisible();
    const agreed = page.getByRole("main");
    for (const text of [upstream.url, issuer.origin, "tools:read", "tools:call", "By registering itself there"]) {
      await expect(agreed.getByText(text, { exact: true }).first()).toBeVisible();
    }
    expect(issuer.count("/register") + issuer.count("/authorize")).toBe(0);
    await keepForms(page, "server-sign-in");

    await page.getByRole("button", { name: `Continue to ${new URL(issuer.origin).host}` }).click();
    await page.waitForURL(/\/servers\/[0-9a-f-]{36}$/);
    const panel = page.locator("section").filter({ has: page.getByRole("heading", { name: "Upstream sign-in" }) });
    await expect(panel.getByText("Connected", { exact: true }).first()).toBeVisible();
    await expect(panel.getByText(/^ *by \S/).first()).toBeVisible();
    await expect(page.getByRole("cell", { name: "ping", exact: true }).first()).toBeVisible();
    await keepForms(page, "server-connected");
    const html = await page.content();
    for (const token of [...issuer.access.keys(), ...issuer.refresh]) expect(html).not.toContain(token);

    await panel.getByRole("button", { name: "Disconnect…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Disconnect" }).click();
    await expect(panel.getByText("Not connected")).toBeVisible();
    await expect(panel.getByText("Calls to this server are not sent")).toBeVisible();
    expect([issuer.access.size, issuer.refresh.size]).toEqual([0, 0]);
  });
});

test("a server that registers nobody asks for a client, and a viewer sees the state with the reason", async ({
  page,
  demo,
}) => {
  await withScene(async ({ issuer, upstream }) => {
    issuer.mode.metadata = { registration_endpoint: undefined };
    await signIn(page, demo, "admin");
    await addServer(page, "By hand", upstream.url);
    const { pathname } = new URL(page.url());
    await openPlan(page);
    await expect(page.getByRole("heading", { name: "Register a client by hand" })).toBeVisible();
    await page.getByRole("button", { name: "Save client" }).click();
    await expect(page.getByText("Enter the client id")).toBeVisible();
    await keepForms(page, "server-sign-in-client");
    await page.getByLabel("Client id").fill("our-own");
    await page.getByLabel("Client secret").fill("canary-client-secret");
    await page.getByRole("button", { name: "Save client" }).click();
    await page.getByRole("button", { name: /^Continue to/ }).click();
    await page.waitForURL(`**${pathname}`);
    await expect(page.getByText("our-own")).toBeVisible();
    expect(await page.content()).not.toContain("canary-client-secret");

    await page.context().clearCookies();
    await signIn(page, demo, "viewer");
    await page.goto(`${demo.consoleUrl}${pathname}`);
    await expect(page.getByText("Calls carry: OAuth.")).toBeVisible();
    await expect(page.getByText("Admins change servers.").first()).toBeVisible();
    await expect(page.getByRole("link", { name: "Reconnect…" })).toHaveCount(0);
    const plan = await page.goto(`${demo.consoleUrl}${pathname}/connect`);
    expect(plan?.status()).toBe(403);
  });
});

test("U5 the pages of a sign-in cannot be framed, and a link alone begins and finishes nothing", async ({
  page,
  demo,
}) => {
  await withScene(async ({ issuer, upstream }) => {
    await signIn(page, demo, "admin");
    await addServer(page, "Framed", upstream.url);
    const { pathname } = new URL(page.url());
    for (const path of [`${pathname}/connect`, "/oauth/upstream/callback?state=x&code=y"]) {
      const answer = await page.request.get(`${demo.consoleUrl}${path}`);
      expect(answer.headers()["content-security-policy"]).toContain("frame-ancestors 'none'");
      expect(answer.headers()["x-frame-options"]).toBe("DENY");
    }
    await page.goto(`${demo.consoleUrl}${pathname}/connect`);
    await expect(page.getByRole("button", { name: /^Continue to/ })).toBeVisible();
    expect(issuer.count("/register") + issuer.count("/authorize") + issuer.count("/token")).toBe(0);
  });
});

test("U5 a return that was not begun in this session connects nothing and says what to do", async ({ page, demo }) => {
  await signIn(page, demo, "admin");
  const refused = page.waitForResponse("**/api/oauth/upstream/callback");
  await page.goto(`${demo.consoleUrl}/oauth/upstream/callback?state=someone-elses&code=x`);
  expect((await refused).status()).toBe(400);
  await expect(page.getByText("oauth_state")).toBeVisible();
  expect(new URL(page.url()).search).toBe("");
  await expectAccessible(page);
  await keepScreen(page, "server-sign-in-refused");
});
