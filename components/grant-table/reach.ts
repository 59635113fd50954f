import type { GrantDto } from "@/lib/grants/schema";

/** What a grant leads to: its server, or the bundle of several. */
export function reachOf({ server, bundle }: Pick<GrantDto, "server" | "bundle">): { name: string; href: string } {
  if (bundle) return { name: bundle.name, href: `/bundles/${bundle.id}` };
  return server ? { name: server.name, href: `/servers/${server.id}` } : { name: "", href: "/servers" };
}
