import { expect, expectAccessible, keepScreen, test } from "./fixtures";
import { startProduct, type Product } from "./product";

let product: Product;

test.beforeAll(async () => {
  test.setTimeout(120_000);
  product = await startProduct({ demo: false });
});
test.afterAll(() => product.stop());

test("C6 the printed link makes the first admin once; without it nothing is possible", async ({
  page,
  demo,
  request,
}) => {
  expect(demo.consoleUrl).not.toBe(product.url);
  await page.goto(`${product.url}/overview`);
  await expect(page.getByText("one-time set-up link")).toBeVisible();

  await page.goto(`${product.url}/setup`);
  await expect(page.getByRole("heading", { name: "Open the set-up link" })).toBeVisible();
  const body = {
    token: "x".repeat(43),
    organisation: "O",
    name: "N",
    email: "a@b.example",
    password: "long enough password",
  };
  const wrong = await request.post(`${product.url}/api/setup`, { data: body, headers: { origin: product.url } });
  expect(wrong.status()).toBe(403);

  const link = /http\S+\/setup#\S+/.exec(product.output())?.[0] ?? "";
  await page.goto("about:blank");
  await page.goto(link);
  await page.getByRole("button", { name: "Create organisation" }).click();
  await expect(page.getByLabel("Organisation")).toBeFocused();
  await page.getByLabel("Organisation").fill("Example Ltd");
  await page.getByLabel("Your name").fill("Ada Example");
  await page.getByLabel("E-mail").fill("ada@example.com");
  await page.getByLabel("Password").fill("short");
  await page.getByRole("button", { name: "Create organisation" }).click();
  await expect(page.getByText("At least 12 characters").last()).toBeVisible();
  await expectAccessible(page);
  await keepScreen(page, "setup");
  await page.getByLabel("Password").fill("a long enough password");
  await page.getByRole("button", { name: "Create organisation" }).click();
  await page.waitForURL("**/overview");
  await expect(page.getByText("0 of 6 done")).toBeVisible();
  await keepScreen(page, "overview-first");
  await expectAccessible(page);

  expect((await page.request.get(`${product.url}/setup`)).status()).toBe(404);
  const token = link.split("#")[1] ?? "";
  const again = await request.post(`${product.url}/api/setup`, {
    data: { ...body, token },
    headers: { origin: product.url },
  });
  expect(again.status()).toBe(404);

  for (const [place, text] of [
    ["Servers", "No server yet."],
    ["Policies", "No policy yet."],
    ["Grants", "No grant yet."],
    ["Logs", "No call yet."],
  ] as const) {
    await page.getByRole("link", { name: place, exact: true }).click();
    await expect(page.getByText(text)).toBeVisible();
    await expectAccessible(page);
    await keepScreen(page, `empty-${place.toLowerCase()}`);
  }
});
