import { createBundle, listBundles } from "@/lib/bundles/bundles.server";
import { BundleInput } from "@/lib/bundles/schema";
import { adminRoute } from "@/lib/http/route.server";

export const GET = adminRoute({ permission: "read", handle: ({ ctx }) => listBundles(ctx) });

export const POST = adminRoute({
  permission: "server.manage",
  body: BundleInput,
  status: 201,
  handle: ({ ctx, body }) => createBundle(ctx, body),
});
