import AxeBuilder from "@axe-core/playwright";
import { expect, test as base, type Page } from "@playwright/test";
import { connectAgent, type Agent } from "./agent";
import type { Demo, DemoUser } from "./product";

interface Fixtures {
  demo: Demo;
  /** Messages of the browser that no journey may cause: errors of the page, its console and its security policy. */
  complaints: string[];
  /** An agent with the demo grant. */
  agent: Agent;
}

/** What a journey provokes on purpose is a refusal with a status; the browser reports each as an error of its console. */
const refusal = /the server responded with a status of (400|401|403|404|409|422|429|502)/;

export const test = base.extend<Fixtures>({
  demo: async ({}, provide) => {
    await provide(JSON.parse(process.env["E2E_DEMO"] ?? "null") as Demo);
  },
  complaints: [
    async ({ page }, provide) => {
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error" && !refusal.test(message.text())) complaints.push(message.text());
      });
      await provide(complaints);
      expect(complaints).toEqual([]);
    },
    { auto: true },
  ],
  agent: async ({ demo }, provide) => {
    const agent = await connectAgent(demo.mcpUrl, demo.grantToken);
    await provide(agent);
    await agent.close();
  },
});

export { expect };

/** Signs in by the form as the demo's member of that role. */
export async function signIn(page: Page, demo: Demo, role: DemoUser["role"]): Promise<void> {
  const user = demo.users.find((item) => item.role === role);
  if (!user) throw new Error(`The demo has no ${role}`);
  await page.goto(`${demo.consoleUrl}/login`);
  await page.getByLabel("E-mail").fill(user.email);
  await page.getByLabel("Password").fill(user.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/overview");
}

/** No accessibility violation on the page as it stands (WCAG 2.2 AA rules of axe). */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    .analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`);
  expect(found).toEqual([]);
}

/** Keeps a picture for people to look at. */
export async function keepScreen(page: Page, name: string, fullPage = false): Promise<void> {
  await page.screenshot({ path: `test-results/screens/${name}.png`, fullPage, animations: "disabled" });
}

/** Replaces the text of the YAML editor by hand: select all, paste. */
export async function typePolicy(page: Page, text: string): Promise<void> {
  const editor = page.getByTestId("yaml-editor");
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.bringToFront();
  await editor.locator(".view-lines").click();
  await page.evaluate((words) => navigator.clipboard.writeText(words), text);
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.press("ControlOrMeta+V");
}

/** The text of the live version of the policy whose page is open, as the API gives it to the signed-in browser. */
export async function readPolicyText(page: Page): Promise<string> {
  const { origin, pathname } = new URL(page.url());
  const answer = await page.request.get(`${origin}/api${pathname}`);
  return ((await answer.json()) as { text: string }).text;
}
