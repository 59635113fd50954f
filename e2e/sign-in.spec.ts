import { expect, expectAccessible, keepScreen, signIn, test } from "./fixtures";

const pages = ["/overview", "/logs", "/policies", "/policies/new", "/servers", "/grants"];

test("C7 a member signs in by keyboard alone and signs out again", async ({ page, demo }) => {
  const admin = demo.users.find((user) => user.role === "admin");
  await page.goto(`${demo.consoleUrl}/login`);
  await expect(page.getByLabel("E-mail")).toBeFocused();
  await page.keyboard.type(admin?.email ?? "");
  await page.keyboard.press("Tab");
  await page.keyboard.type(admin?.password ?? "");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/overview");
  await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.waitForURL("**/login*");
  await page.goto(`${demo.consoleUrl}/overview`);
  await expect(page).toHaveURL(/\/login/);
});

test("C7 a wrong password and an unknown person get one and the same text", async ({ page, demo }) => {
  for (const email of [demo.users[1]?.email ?? "", "nobody@demo.local"]) {
    await page.goto(`${demo.consoleUrl}/login`);
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Password").fill("not the password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("main").getByRole("alert")).toHaveText("E-mail or password is wrong.");
  }
  await expectAccessible(page);
  await keepScreen(page, "login-wrong");
});

test("C7 a hostile callbackUrl is ignored, one of our own is followed", async ({ page, demo }) => {
  const admin = demo.users.find((user) => user.role === "admin");
  for (const [wanted, reached] of [
    ["https://evil.example/", "/overview"],
    ["//evil.example/", "/overview"],
    ["/grants", "/grants"],
  ] as const) {
    await page.context().clearCookies();
    await page.goto(`${demo.consoleUrl}/login?callbackUrl=${encodeURIComponent(wanted)}`);
    await page.getByLabel("E-mail").fill(admin?.email ?? "");
    await page.getByLabel("Password").fill(admin?.password ?? "");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL(`${demo.consoleUrl}${reached}`);
  }
});

test("N1 signed out, every page answers with a redirect to sign-in and no data", async ({ request, demo }) => {
  for (const path of pages) {
    for (const headers of [
      {},
      { RSC: "1" },
      { "x-middleware-subrequest": "middleware" },
      { "Next-Router-Prefetch": "1" },
    ]) {
      const answer = await request.get(`${demo.consoleUrl}${path}`, { headers, maxRedirects: 0 });
      expect(`${path} ${String(answer.status())}`).toBe(`${path} 307`);
      expect(await answer.text()).not.toContain("demo agent");
    }
  }
});

test("N5 signed-in pages are never stored by caches, and scripts run by nonce only", async ({ page, demo }) => {
  await signIn(page, demo, "viewer");
  const answer = await page.request.get(`${demo.consoleUrl}/grants`);
  expect(answer.headers()["cache-control"]).toContain("no-store");
  const policy = answer.headers()["content-security-policy"] ?? "";
  expect(policy).toMatch(/script-src 'self' 'nonce-[^']+' 'strict-dynamic'(;|$)/);
  expect(policy).not.toContain("unsafe-eval");
  const scripts = (await answer.text()).match(/<script\b[^>]*>/g) ?? [];
  expect(scripts.length).toBeGreaterThan(0);
  for (const script of scripts) expect(script).toContain("nonce=");
});

test("an unknown or foreign id answers 404", async ({ page, demo }) => {
  await signIn(page, demo, "viewer");
  const id = "00000000-0000-4000-8000-000000000000";
  for (const path of [`/servers/${id}`, `/policies/${id}`, `/logs/${id}`, "/servers/not-an-id", "/nowhere"]) {
    const answer = await page.request.get(`${demo.consoleUrl}${path}`);
    expect(`${path} ${String(answer.status())}`).toBe(`${path} 404`);
  }
  await page.goto(`${demo.consoleUrl}/servers/${id}`);
  await expect(page.getByRole("heading", { level: 1, name: "There is no such thing here" })).toBeVisible();
  await expectAccessible(page);
});
