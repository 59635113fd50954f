import type { Page } from "@playwright/test";
import type { Scene } from "./scene";

/** A page to look at. */
export interface Shown {
  name: string;
  path: string;
  /** What must be there before the picture is taken. */
  ready: string;
  /** What is done before. */
  act?: (page: Page) => Promise<void>;
}

async function choose(page: Page, label: string, option: RegExp): Promise<void> {
  await page.getByRole("dialog").getByLabel(label).click();
  await page.getByRole("option", { name: option }).click();
}

/** The pages of servers, bundles and grants that have something to say; sign-ins are looked at in their own journeys. */
export function listScenePages(scene: Scene): Shown[] {
  const server = (id: string) => `/servers/${id}`;
  return [
    { name: "server-changed", path: server(scene.reviewServer), ready: "text=1 new" },
    {
      name: "server-review",
      path: `${server(scene.reviewServer)}/review`,
      ready: "article",
      act: (page) => page.getByText("The definitions, line by line").first().click(),
    },
    { name: "server-reconnect", path: server(scene.reconnectServer), ready: "text=Reconnect…" },
    { name: "server-connect-broken", path: `${server(scene.brokenServer)}/connect`, ready: "text=oauth_setup" },
    { name: "sign-in-return", path: "/oauth/upstream/callback?state=x&code=y", ready: "text=oauth_state" },
    { name: "bundle-filled", path: `/bundles/${scene.bundle}`, ready: "table" },
    {
      name: "bundle-add-server",
      path: `/bundles/${scene.bundle}`,
      ready: "table",
      act: (page) => page.getByRole("button", { name: "Add server" }).click(),
    },
    { name: "grant-of-bundle", path: `/grants/${scene.bundleGrant}`, ready: "h1" },
    { name: "grant-with-client", path: `/grants/${scene.clientGrant}`, ready: "table" },
    {
      name: "grant-mint-bundle",
      path: "/grants?dialog=mint",
      ready: "[role=dialog]",
      act: (page) => choose(page, "Server", /Support team/),
    },
    {
      name: "server-add-sse",
      path: "/servers?dialog=add",
      ready: "[role=dialog]",
      act: (page) => choose(page, "Transport", /SSE/),
    },
  ];
}
