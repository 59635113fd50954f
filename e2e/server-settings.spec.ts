import { expect, expectAccessible, keepScreen, signIn, test } from "./fixtures";

test("an admin sets time-outs, private network, safety and passed headers; wrong input is said at its field", async ({
  page,
  demo,
}) => {
  await signIn(page, demo, "admin");
  await page.goto(`${demo.consoleUrl}/servers/${demo.serverId}`);
  await page.getByRole("button", { name: "Edit connection" }).click();
  const connection = page.getByRole("dialog", { name: "Connection" });
  await expect(connection.getByLabel("Connect", { exact: true })).toBeFocused();
  await connection.getByLabel("First byte").fill("soon");
  await connection.getByRole("button", { name: "Save" }).click();
  await expect(connection.getByLabel("First byte")).toBeFocused();
  await expect(connection.getByText("0.1 to 600 seconds")).toBeVisible();
  await connection.getByLabel("First byte").fill("45");
  await connection.getByLabel("Whole call").fill("120");
  await connection.getByLabel("Certificates").click();
  await page.getByRole("option", { name: "An authority of your own…" }).click();
  await connection.getByLabel("Authority, PEM").fill("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----");
  await connection.getByRole("button", { name: "Save" }).click();
  await expect(connection.getByText("Certificate 1 cannot be read")).toBeVisible();
  await expectAccessible(page);
  await keepScreen(page, "dialog-server-connection");
  await connection.getByLabel("Certificates").click();
  await page.getByRole("option", { name: "Public authorities" }).click();
  await connection.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("main").getByText("45 s", { exact: true })).toBeVisible();
  await expect(page.getByRole("main").getByText("60 s, the default")).toBeVisible();

  await page.getByRole("button", { name: "Edit headers passed on" }).click();
  const headers = page.getByRole("dialog", { name: "Headers passed on" });
  await headers.getByLabel("Header names").fill("X-Tenant\nAuthorization");
  await headers.getByRole("button", { name: "Save" }).click();
  await expect(headers.getByText("authorization can never be passed on")).toBeVisible();
  await headers.getByLabel("Header names").fill("X-Tenant");
  await headers.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("main").getByText("x-tenant", { exact: true })).toBeVisible();

  await page.getByRole("button", { name: "Edit safety" }).click();
  const safety = page.getByRole("dialog", { name: "Safety" });
  await safety.getByLabel("When a tool's definition changes").click();
  await page.getByRole("option", { name: /^Log only/ }).click();
  await safety.getByLabel("Hosts that its links may lead to").fill("login.example.com");
  await expectAccessible(page);
  await keepScreen(page, "dialog-server-safety");
  await safety.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("main").getByText("Log only")).toBeVisible();
  await expect(page.getByRole("main").getByText("login.example.com")).toBeVisible();

  // As the demo had it, for the other journeys.
  await page.request.patch(`${demo.consoleUrl}/api/servers/${demo.serverId}`, {
    headers: { Origin: demo.consoleUrl },
    data: {
      timeouts: { firstByteMs: null, totalMs: null },
      forwardHeaders: [],
      drift: "enforce",
      elicitationHosts: [],
    },
  });
});

test("on a phone in the dark the connection form is whole, and a private network is warned of", async ({
  page,
  demo,
}) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await signIn(page, demo, "admin");
  await page.setViewportSize({ width: 320, height: 640 });
  await page.goto(`${demo.consoleUrl}/servers/${demo.serverId}`);
  await page.getByRole("button", { name: "Edit connection" }).click();
  const connection = page.getByRole("dialog", { name: "Connection" });
  await connection.getByRole("switch", { name: "Private network" }).scrollIntoViewIfNeeded();
  await keepScreen(page, "dialog-server-connection-320");
  await expectAccessible(page);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(over).toBeLessThanOrEqual(0);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "Edit connection" })).toBeFocused();
});

test("a viewer sees the settings and why they cannot change them", async ({ page, demo }) => {
  await signIn(page, demo, "viewer");
  await page.goto(`${demo.consoleUrl}/servers/${demo.serverId}`);
  await expect(page.getByRole("main").getByText("Quarantine")).toBeVisible();
  for (const group of ["connection", "safety", "headers passed on"]) {
    await expect(page.getByRole("button", { name: `Edit ${group}` })).toHaveAttribute("aria-disabled", "true");
  }
});
